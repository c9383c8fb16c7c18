/** Which requests to the auth server are attempts at something, and how many of each are let through. */
import { z } from "zod";
import { type Allowance, createAttempts } from "./auth_attempts.ts";

/** Of one person from one address, so that nobody can lock another out. */
const PASSWORDS: Allowance = { burst: 20, everySeconds: 15 };
/** A code has six digits only: for one person, whoever tries. */
const CODES: Allowance = { burst: 10, everySeconds: 60 };
/** A link holds a hash of address and code, and does not say whose: from one address. */
const LINKS: Allowance = { burst: 30, everySeconds: 10 };
/** To one person. */
const MAILS: Allowance = { burst: 5, everySeconds: 60 };

const named = z.object({ email: z.string().optional(), token: z.string().optional() });

/** An attempt that was let through; says whether it was a wrong one. */
export type Attempt = { ended(response: Response): void };

/** Makes the judge of requests: an attempt, or the seconds that whoever asks must wait. */
export function createAuthLimits(): (request: Request, url: URL, body: string) => Attempt | number {
  const counters = {
    password: createAttempts(PASSWORDS),
    code: createAttempts(CODES),
    link: createAttempts(LINKS),
    mail: createAttempts(MAILS),
  };
  return (request, url, body) => {
    const found = attemptOf(request, url, body);
    if (found === undefined) return { ended() {} };
    const counter = counters[found.kind];
    const seconds = counter.take(found.name);
    if (seconds > 0) return seconds;
    return {
      ended(response) {
        // A mail is one whether or not it was wanted; of the others the wrong ones count.
        if (found.kind !== "mail" && !isRefusal(response)) counter.giveBack(found.name);
      },
    };
  };
}

function attemptOf(request: Request, url: URL, body: string) {
  const { email, token } = namedIn(body);
  const person = email?.trim().toLowerCase() ?? "";
  const from = request.headers.get("x-forwarded-for") ?? "";
  switch (url.pathname) {
    case "/auth/v1/token":
      return url.searchParams.get("grant_type") === "password"
        ? ({ kind: "password", name: `${person} ${from}` } as const)
        : undefined;
    case "/auth/v1/verify":
      return person !== "" && token !== undefined
        ? ({ kind: "code", name: person } as const)
        : ({ kind: "link", name: from } as const);
    case "/auth/v1/recover":
    case "/auth/v1/otp":
    case "/auth/v1/magiclink":
    case "/auth/v1/resend":
      return { kind: "mail", name: person } as const;
    default:
      return undefined;
  }
}

function namedIn(body: string): z.infer<typeof named> {
  try {
    return named.catch({}).parse(JSON.parse(body));
  } catch {
    return {};
  }
}

/** A link that is refused leads back to the page with the reason in its address. */
function isRefusal({ status, headers }: Response): boolean {
  const refusedLink = /[?#&]error(_code)?=/.test(headers.get("location") ?? "");
  return (status >= 400 && status < 500) || refusedLink;
}
