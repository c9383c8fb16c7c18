import { ImageIcon, Trash2, Upload } from "lucide-react";
import { useCallback, useRef } from "react";
import { LOGO_TYPES } from "../../../../functions/_shared/contracts/files.ts";
import { Button } from "../../ui/Button.tsx";
import { cn } from "../../ui/cn.ts";
import { type PageContext, PageProvider, useHref, usePage } from "../../ui/context.tsx";
import { Notice } from "../../ui/Notice.tsx";
import { useDrop } from "../files/use-drop.ts";
import { useLogo } from "./use-logo.ts";

type Props = { page: PageContext; logoId: string | null };

/** The island that shows and changes the tenant's logo. */
export function LogoCard({ page, logoId }: Props) {
  return (
    <PageProvider page={page}>
      <Logo initial={logoId} />
    </PageProvider>
  );
}

function Logo({ initial }: { initial: string | null }) {
  const href = useHref();
  const { tenant } = usePage();
  const { logoId, busy, failure, replace, remove } = useLogo(initial);
  const section = useRef<HTMLElement>(null);
  const input = useRef<HTMLInputElement>(null);
  const replacing = useRef(replace);
  replacing.current = replace;
  const onFiles = useCallback(([file]: File[]) => {
    if (file) void replacing.current(file);
  }, []);
  const dragging = useDrop(section, busy ? null : onFiles);

  return (
    <section
      ref={section}
      aria-labelledby="logo"
      className={cn(
        "panel flex flex-col gap-4 px-4 py-5 md:px-5",
        dragging && "border-accent bg-accent-soft",
      )}
    >
      <div>
        <h2 id="logo" className="font-semibold text-sm">
          Logo
        </h2>
        <p className="mt-1 text-muted text-sm">
          At the head of your order confirmations, delivery notes and packing lists. PNG, JPEG or
          WebP, at most 1 MiB.
        </p>
      </div>
      {failure ? <Notice kind="danger">{failure}</Notice> : null}
      <div className="flex flex-wrap items-center gap-4">
        {/* Paper is white, whatever the portal's colours are. */}
        <div className="flex h-24 w-56 items-center justify-center rounded-lg border border-line bg-white p-3">
          {logoId ? (
            <img
              src={href(`files/${logoId}/preview`)}
              alt={`Logo of ${tenant.name}`}
              className="max-h-full max-w-full object-contain"
            />
          ) : (
            <ImageIcon className="size-6 text-slate-400" aria-hidden="true" />
          )}
        </div>
        <div className="flex gap-2">
          <Button busy={busy} onClick={() => input.current?.click()}>
            <Upload aria-hidden="true" />
            {logoId ? "Replace" : "Upload"}
          </Button>
          {logoId ? (
            <Button variant="ghost" disabled={busy} onClick={() => void remove()}>
              <Trash2 aria-hidden="true" />
              Remove
            </Button>
          ) : null}
        </div>
        <input
          ref={input}
          type="file"
          accept={LOGO_TYPES.join(",")}
          hidden
          aria-label="Upload a logo"
          onChange={({ currentTarget }) => {
            onFiles([...(currentTarget.files ?? [])]);
            currentTarget.value = ""; // the same file may be chosen again
          }}
        />
      </div>
    </section>
  );
}
