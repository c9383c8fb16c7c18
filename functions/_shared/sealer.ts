/** Text at rest that nobody can read who has only the database. For Deno and Node alike. */
import { Buffer } from "node:buffer";
import { createCipheriv, createDecipheriv, createHmac, randomBytes } from "node:crypto";

const CIPHER = "aes-256-gcm";
const NONCE_BYTES = 12;
const TAG_BYTES = 16;

export type Sealer = {
  /** Encrypts a text; every time differently. */
  seal(text: string): string;
  /** The text again; null when it was sealed under another secret, or is not what was sealed. */
  unseal(sealed: string): string | null;
};

/** @param purpose keeps what is sealed for one thing from being taken for another. */
export function makeSealer(secret: string, purpose: string): Sealer {
  const key = createHmac("sha256", secret).update(purpose).digest();
  return {
    seal(text) {
      const nonce = randomBytes(NONCE_BYTES);
      const cipher = createCipheriv(CIPHER, key, nonce);
      const hidden = [cipher.update(text, "utf8"), cipher.final()];
      return Buffer.concat([nonce, cipher.getAuthTag(), ...hidden]).toString("base64url");
    },
    unseal(sealed) {
      const whole = Buffer.from(sealed, "base64url");
      try {
        const nonce = whole.subarray(0, NONCE_BYTES);
        const decipher = createDecipheriv(CIPHER, key, nonce, { authTagLength: TAG_BYTES });
        decipher.setAuthTag(whole.subarray(NONCE_BYTES, NONCE_BYTES + TAG_BYTES));
        const hidden = whole.subarray(NONCE_BYTES + TAG_BYTES);
        return decipher.update(hidden, undefined, "utf8") + decipher.final("utf8");
      } catch {
        return null;
      }
    },
  };
}

/** What webhooks are signed with, sealed by the functions and opened by the worker. */
export const webhookSecretSealer = (secret: string): Sealer =>
  makeSealer(secret, "kontor webhook secrets");
