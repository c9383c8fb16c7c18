/** What a reader should know before the endpoints: the same for all of them. */

export type Chapter = {
  id: string;
  title: string;
  /** Paragraphs; what stands between backticks is code. */
  text: readonly string[];
  sample?: string;
};

/** @param base where this installation's API is, `https://kontor.example.com/api`. */
export function introduction(base: string): readonly Chapter[] {
  return [
    {
      id: "signing-in",
      title: "Signing in",
      text: [
        "A program uses an API key, which an admin makes under API keys: a role, scopes such as `orders:read`, and if you like an end. It goes into the `Authorization` header and nowhere else: in an address it is refused.",
        "For a person, `POST /auth/signin` gives an access token for an hour, used the same way, and a refresh token. Who has a second factor gets a ticket first, and the session for it and a code. The portal's own pages use its session cookie; a write with the cookie from another site's page is refused.",
      ],
      sample: `curl ${base}/orders?limit=5 -H "Authorization: Bearer kontor_…"`,
    },
    {
      id: "which-tenant",
      title: "Which tenant",
      text: [
        "Every request is about one tenant: that of the API key, or the one that `X-Tenant-Id` names. Who belongs to exactly one may leave it out; otherwise it is 400 `tenant_required`. Another tenant's record is 404, as if it were not there.",
        "Roles are viewer, member, admin and owner; each may do what the ones before it may.",
      ],
    },
    {
      id: "values",
      title: "Values",
      text: [
        "Bodies are JSON in UTF-8, at most 1 MiB. Times are RFC 3339, in UTC; a day such as `2026-01-31` in a filter is meant in the tenant's time zone. Amounts are JSON numbers beside their currency. Unknown fields are refused, and so are unknown query parameters: a misspelt one does not pass unseen.",
      ],
    },
    {
      id: "lists",
      title: "Lists",
      text: [
        "A list gives `limit` records, 25 unless asked for others and at most 200, and in `page` what to ask for next: pass `next_cursor` as `cursor`, with the same filters and the same sort, until it is null. Large totals are estimates and say so: `kind` is `exact` or `estimated`.",
        "Lists have an `ETag`: sent back as `If-None-Match`, an unchanged list is 304.",
      ],
      sample: `{
  "data": [ … ],
  "page": { "limit": 25, "next_cursor": "…", "prev_cursor": null,
            "total": { "count": 2000, "kind": "exact" } }
}`,
    },
    {
      id: "errors",
      title: "Errors",
      text: [
        "A refusal is a problem document (RFC 9457). Decide by `code`; `detail` is for people. `errors` names every field that does not fit, by its path. Give `request_id` when you ask for help: it is in `X-Request-Id` of every answer, and one that you send is kept.",
        "400 `malformed_json` `invalid_query` `tenant_required` · 401 `unauthenticated` · 403 `forbidden` · 404 `not_found` · 405 `method_not_allowed` · 409 `conflict` `invalid_transition` `last_owner` `idempotency_conflict` · 412 `version_mismatch` · 413 `too_large` · 415 `unsupported_media_type` · 422 `validation_failed` · 429 `rate_limited` · 503 `unavailable`",
      ],
      sample: `{
  "type": "about:blank", "title": "Validation failed", "status": 422,
  "code": "validation_failed", "detail": "The body is not acceptable.",
  "request_id": "0f6d…",
  "errors": [{ "path": "items.0.quantity", "code": "too_small", "message": "Must not be negative." }]
}`,
    },
    {
      id: "trying-again",
      title: "Trying again",
      text: [
        "Send an `Idempotency-Key` of your own with a POST, and it may be sent again: for 24 hours the same key and body are answered with the first answer and `Idempotency-Replayed: true`. Another body under the same key is 409 `idempotency_conflict`; while the first is still running it is 409 `conflict`.",
        "A single record has an `ETag`, its version. Sent back as `If-Match` with a change, the change is refused with 412 `version_mismatch` if somebody else was faster.",
      ],
      sample: `curl -X POST ${base}/orders -H "Authorization: Bearer kontor_…" \\
  -H "Content-Type: application/json" -H "Idempotency-Key: shop-order-4711" \\
  -d '{"items":[{"name":"Ladder","quantity":1,"unit_price":49.9}]}'`,
    },
    {
      id: "limits",
      title: "Limits",
      text: [
        "How much may be asked for in a minute stands in the headers `RateLimit-Policy` and `RateLimit`, and what is left of it. Beyond that it is 429 `rate_limited`: wait as many seconds as `Retry-After` says. 503 `unavailable` means the same: try again then.",
      ],
    },
    {
      id: "being-told",
      title: "Being told",
      text: [
        "To be told rather than ask: register an address under Webhooks, or with `POST /webhooks`. Deliveries are signed as Standard Webhooks have it (`webhook-id`, `webhook-timestamp`, `webhook-signature`); check the signature with one of that project's libraries and the secret that was shown once. An event may come more than once: `webhook-id` stays the same.",
        "Answer with a 2xx within ten seconds. Otherwise it is tried again, for about three days; what failed can be sent again from the log.",
      ],
      sample: `{ "id": "…", "type": "order.status_changed", "timestamp": "2026-01-31T09:00:00Z",
  "tenant_id": "…", "data": { "id": "…", "number": "SO-000001", …, "previous": { "status": "pending" } } }`,
    },
  ];
}
