import { z } from "zod";

/** What SMTP lets an address have. */
const MAX_EMAIL = 254;

/** An e-mail address; spaces around it and capitals do not count. */
export const email = () =>
  z.string().trim().toLowerCase().max(MAX_EMAIL).pipe(
    z.email("An e-mail address, such as ada@example.com."),
  ).meta({ format: "email", example: "ada@example.com" });
