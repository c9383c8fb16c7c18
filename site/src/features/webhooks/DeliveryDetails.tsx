import { useEffect, useState } from "react";
import type { DeliveryDetail } from "../../../../functions/_shared/contracts/webhooks.ts";
import { ApiError } from "../../lib/api/client.ts";
import { useApi } from "../../ui/context.tsx";
import { Notice } from "../../ui/Notice.tsx";
import { Skeleton } from "../../ui/Skeleton.tsx";
import { DateTime } from "../../ui/Values.tsx";

/** What was sent and what each attempt brought. */
export function DeliveryDetails({ id }: { id: string }) {
  const api = useApi();
  const [detail, setDetail] = useState<DeliveryDetail | null>(null);
  const [failure, setFailure] = useState<string | null>(null);
  useEffect(() => {
    const left = new AbortController();
    api<DeliveryDetail>("GET", `/webhooks/deliveries/${id}`, { signal: left.signal }).then(
      setDetail,
      (error: unknown) => {
        if (left.signal.aborted) return;
        setFailure(error instanceof ApiError ? error.message : "It could not be loaded.");
      },
    );
    return () => left.abort();
  }, [api, id]);
  if (failure) return <Notice kind="danger">{failure}</Notice>;
  if (!detail) return <Skeleton className="h-32" />;
  return (
    <div className="flex flex-col gap-4">
      <Block label="Body" text={indented(detail.request_body)} />
      {detail.attempts.length === 0 ? (
        <p className="text-muted">It has not been sent yet.</p>
      ) : null}
      {detail.attempts.map(({ at, duration_ms, error, request, response }) => (
        <section key={at} className="min-w-0 border-line border-s-2 ps-3">
          <h3 className="font-medium">
            <DateTime value={at} time />{" "}
            <span className="numeric font-normal text-faint">{duration_ms} ms</span>
          </h3>
          {error ? (
            <p className="break-words text-danger-text" dir="auto">
              {error}
            </p>
          ) : null}
          <div className="mt-2 flex flex-col gap-3">
            <Block label="Request" text={`POST ${request.url}\n${lines(request.headers)}`} />
            {response ? (
              <Block
                label="Response"
                text={`${response.status}\n${lines(response.headers)}\n\n${response.body}`.trim()}
              />
            ) : null}
          </div>
        </section>
      ))}
    </div>
  );
}

function Block({ label, text }: { label: string; text: string }) {
  return (
    <figure className="min-w-0">
      <figcaption className="mb-1 text-faint text-xs">{label}</figcaption>
      <pre
        dir="ltr"
        // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard
        tabIndex={0}
        className="max-h-72 overflow-auto whitespace-pre-wrap break-words rounded-lg bg-sunken p-3 font-mono text-xs leading-relaxed"
      >
        {text}
      </pre>
    </figure>
  );
}

const lines = (headers: Readonly<Record<string, string>>) =>
  Object.entries(headers)
    .map(([name, value]) => `${name}: ${value}`)
    .join("\n");

/** For reading; what is signed has no line breaks. */
const indented = (body: string) => JSON.stringify(JSON.parse(body), null, 2);
