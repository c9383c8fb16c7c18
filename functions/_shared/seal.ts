/** Text at rest that nobody can read who has only the database. */
import { Buffer } from "node:buffer";
import { createCipheriv, createDecipheriv, createHmac, randomBytes } from "node:crypto";
import { env } from "./env.ts";

const CIPHER = "aes-256-gcm";
const NONCE_BYTES = 12;
const TAG_BYTES = 16;

const key = createHmac("sha256", env.JWT_SECRET).update("kontor sealed text").digest();

/** Encrypts a text; every time differently. */
export function seal(text: string): string {
  const nonce = randomBytes(NONCE_BYTES);
  const cipher = createCipheriv(CIPHER, key, nonce);
  const hidden = [cipher.update(text, "utf8"), cipher.final()];
  return Buffer.concat([nonce, cipher.getAuthTag(), ...hidden]).toString("base64url");
}

/** The text again; null when it was sealed under another JWT_SECRET, or is not what was sealed. */
export function unseal(sealed: string): string | null {
  const whole = Buffer.from(sealed, "base64url");
  try {
    const nonce = whole.subarray(0, NONCE_BYTES);
    const decipher = createDecipheriv(CIPHER, key, nonce);
    decipher.setAuthTag(whole.subarray(NONCE_BYTES, NONCE_BYTES + TAG_BYTES));
    const hidden = whole.subarray(NONCE_BYTES + TAG_BYTES);
    return decipher.update(hidden, undefined, "utf8") + decipher.final("utf8");
  } catch {
    return null;
  }
}
