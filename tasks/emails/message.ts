/** What a mail is: ids that it is about, what it says, and in which words. */
import type { Sql } from "postgres";
import type { z } from "zod";
import type { Formats } from "./formats.ts";

/** A piece of a mail, top to bottom. All of it is plain text: the layout escapes it. */
export type Block =
  | { readonly kind: "text"; readonly text: string }
  /** Small print. */
  | { readonly kind: "note"; readonly text: string }
  | { readonly kind: "action"; readonly label: string; readonly url: string }
  /** Digits to be typed somewhere. */
  | { readonly kind: "code"; readonly label: string; readonly code: string }
  | { readonly kind: "facts"; readonly rows: readonly (readonly [string, string])[] }
  | {
      readonly kind: "table";
      /** The last column stands at the end of the line. */
      readonly columns: readonly string[];
      readonly rows: readonly (readonly string[])[];
      /** Below the rows; the last one stands out. */
      readonly totals: readonly (readonly [string, string])[];
    };

export type Attachment = {
  readonly name: string;
  readonly contentType: string;
  readonly bytes: Uint8Array;
};

export type Content = {
  readonly subject: string;
  readonly title: string;
  readonly blocks: readonly Block[];
  readonly attachments?: readonly Attachment[];
};

export type Tenant = {
  readonly id: string;
  readonly slug: string;
  readonly name: string;
  /** Where its customers write to. */
  readonly email: string | null;
  readonly locale: string;
  readonly time_zone: string;
};

/** Where a mail's data comes from. */
export type Source = {
  /** The database as kontor_worker. */
  readonly sql: Sql;
  readonly tenant: Tenant;
  /** Who asked for the mail; null: nobody in person, or they are gone. */
  readonly person: string | null;
  /** What that person adds in their own words. */
  readonly note: string | null;
  /** The portal's address without a slash at its end. */
  readonly portal: string;
  /** Where documents are printed; undefined: nowhere. */
  readonly gotenberg: string | undefined;
  /** Aborted when the worker is asked to stop. */
  readonly signal: AbortSignal;
};

export type Message<Params extends z.ZodType, Data> = {
  /** The ids that the log of mails keeps. */
  readonly params: Params;
  /**
   * What the mail says; null when it is not wanted any more.
   * @throws PermanentError when it can never be said.
   */
  load(params: z.output<Params>, source: Source): Promise<Data | null>;
  content(data: Data, formats: Formats): Content;
  /** For the preview. */
  readonly sample: Data;
};

/** A message with its data's type closed in. */
export type AnyMessage = {
  /** @throws as Message.load does; PermanentError when the params do not fit. */
  compose(params: unknown, source: Source, formats: Formats): Promise<Content | null>;
  preview(formats: Formats): Content;
};
