/** What the auth server refuses, in the contract's words. */
import type { Refusal } from "../_shared/auth_server.ts";
import { Problem } from "../_shared/errors.ts";

const TAKEN = new Set(["user_already_exists", "email_exists"]);
const CLOSED = new Set(["signup_disabled", "email_provider_disabled"]);

/**
 * Why nobody was signed up. Where addresses need no confirmation the auth server says itself that
 * an address is taken, and a sign-up that answers 201 or not could not hide it; where they do, it
 * answers as for a new address, and so do we (202).
 */
export function signUpRefused({ code, message }: Refusal): Problem {
  if (TAKEN.has(code)) {
    return new Problem("conflict", "Somebody has this address already. Sign in instead.", {
      errors: [{ path: "email", code: "conflict", message: "This address is taken." }],
    });
  }
  if (CLOSED.has(code)) return new Problem("forbidden", "Signing up is not open here.");
  return badField(code.includes("password") ? "password" : "email", message);
}

/** Why nobody was signed in: one answer for a wrong password and for an unknown address. */
export function signInRefused({ code }: Refusal): Problem {
  if (code === "email_not_confirmed") {
    return new Problem("forbidden", "Confirm your address first, with the link in the mail.");
  }
  if (code === "user_banned") return new Problem("forbidden", "This account is closed.");
  return new Problem("invalid_credentials", "The address or the password is wrong.");
}

/** Why a new password was not taken. */
export function passwordRefused({ message }: Refusal): Problem {
  return badField("password", message);
}

function badField(path: string, message: string): Problem {
  return new Problem("validation_failed", "A value is not acceptable.", {
    errors: [{ path, code: "validation_failed", message: message || "Not accepted." }],
  });
}
