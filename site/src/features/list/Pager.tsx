import { ChevronLeft, ChevronRight } from "lucide-react";
import type { Page } from "../../../../functions/_shared/contracts/common.ts";
import { formatNumber } from "../../lib/format.ts";
import { buttonStyle } from "../../ui/button-style.ts";
import { usePage } from "../../ui/context.tsx";
import { LocalLink } from "./LocalLink.tsx";
import { searchOf } from "./spec.ts";
import type { ListState } from "./use-list.ts";

type Props<T> = { state: ListState<T>; page: Page; shown: number; noun: readonly [string, string] };

/** How many there are, and the ways to the pages before and after. */
export function Pager<T>({ state, page, shown, noun }: Props<T>) {
  return (
    <nav aria-label="Pages" className="flex items-center justify-between gap-3 px-4 py-3 md:px-6">
      <p className="text-faint text-sm">
        <CountText total={page.total} noun={noun} shown={shown} />
      </p>
      <div className="flex gap-2">
        <Step state={state} cursor={page.prev_cursor} label="Previous" />
        <Step state={state} cursor={page.next_cursor} label="Next" />
      </div>
    </nav>
  );
}

type CountProps = { total: Page["total"]; noun: readonly [string, string]; shown: number };

/** `25 of about 2,000 orders`. */
export function CountText({ total, noun, shown }: CountProps) {
  const { locale } = usePage();
  const number = (value: number) => formatNumber(value, locale);
  const about = total.kind === "estimated" ? "about " : "";
  return (
    <span className="numeric" suppressHydrationWarning>
      {shown < total.count ? `${number(shown)} of ` : ""}
      {about}
      {number(total.count)} {noun[total.count === 1 ? 0 : 1]}
    </span>
  );
}

type StepProps<T> = {
  state: ListState<T>;
  cursor: string | null;
  label: "Previous" | "Next";
};

function Step<T>({ state, cursor, label }: StepProps<T>) {
  const params = new URLSearchParams(state.params);
  if (cursor !== null) params.set("cursor", cursor);
  return (
    <LocalLink
      href={cursor === null ? null : searchOf(params)}
      rel={label === "Next" ? "next" : "prev"}
      className={buttonStyle({ variant: "secondary", size: "sm" })}
      onOpen={(href) => {
        state.open(href);
        document.getElementById("content")?.scrollIntoView();
      }}
    >
      {label === "Previous" ? <ChevronLeft aria-hidden="true" className="rtl:rotate-180" /> : null}
      {label}
      {label === "Next" ? <ChevronRight aria-hidden="true" className="rtl:rotate-180" /> : null}
    </LocalLink>
  );
}
