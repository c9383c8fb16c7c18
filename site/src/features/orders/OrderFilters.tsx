import { type SubmitEvent, useState } from "react";
import { formatDate, formatNumber } from "../../lib/format.ts";
import { Button } from "../../ui/Button.tsx";
import { Combobox } from "../../ui/Combobox.tsx";
import { useApi, usePage } from "../../ui/context.tsx";
import { Field } from "../../ui/Field.tsx";
import { CheckLine, Input } from "../../ui/Input.tsx";
import { findCustomers } from "../customers/find.ts";
import { FilterPopover } from "../list/FilterPopover.tsx";
import { SearchBox } from "../list/SearchBox.tsx";
import { searchOf, withParams } from "../list/spec.ts";
import type { ListState } from "../list/use-list.ts";
import { ORDER_LIST } from "./list-spec.ts";
import { STATUS, STATUSES } from "./status.ts";

type Props<T> = { state: ListState<T>; customerName: string | null };

/**
 * Search and filters of the orders, as one form whose fields are the address's parameters: it works
 * by plain submission until the island is awake.
 */
export function OrderFilters<T>({ state, customerName }: Props<T>) {
  const api = useApi();
  const { params } = state;
  const [picked, setPicked] = useState<{ id: string; name: string } | null>(null);
  const customerId = params.get("customer_id");
  const chosen = params.get("status")?.split(",") ?? [];
  const text = useRangeTexts(params);

  const popover = (label: string, value: string | null, ...names: string[]) => ({
    label,
    value,
    clearHref:
      searchOf(
        withParams(ORDER_LIST, params, Object.fromEntries(names.map((name) => [name, null]))),
      ) || "?",
    onOpen: (href: string) => state.open(href === "?" ? "" : href),
  });

  function apply(event: SubmitEvent<HTMLFormElement>) {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    const names = ["placed_from", "placed_to", "total_min", "total_max"];
    state.change(
      Object.fromEntries(
        names.map((name) => [name, String(form.get(name) ?? "").replace(",", ".")]),
      ),
    );
    event.currentTarget.querySelector<HTMLElement>(":popover-open")?.hidePopover();
  }

  function toggle(status: string, on: boolean) {
    const next = STATUSES.filter((one) => (one === status ? on : chosen.includes(one)));
    state.change({ status: next.join(",") });
  }

  return (
    <form method="get" onSubmit={apply} className="contents">
      <SearchBox state={state} label="Search orders" />
      <FilterPopover {...popover("Status", text.status, "status")}>
        <fieldset className="flex flex-col gap-0.5">
          <legend className="sr-only">Status</legend>
          {STATUSES.map((status) => (
            <CheckLine
              key={status}
              name="status"
              value={status}
              checked={chosen.includes(status)}
              onChange={(event) => toggle(status, event.target.checked)}
            >
              {STATUS[status].label}
            </CheckLine>
          ))}
        </fieldset>
        <noscript>
          <Apply />
        </noscript>
      </FilterPopover>
      <FilterPopover
        {...popover(
          "Customer",
          customerId && (picked?.id === customerId ? picked.name : (customerName ?? "…")),
          "customer_id",
        )}
      >
        <Field label="Customer">
          {(control) => (
            <Combobox
              {...control}
              value=""
              placeholder="Find a customer"
              find={(wanted, signal) => findCustomers(api, wanted, signal)}
              onPick={({ id, label }) => {
                setPicked({ id, name: label });
                state.change({ customer_id: id });
                document.querySelector<HTMLElement>("form :popover-open")?.hidePopover();
              }}
            />
          )}
        </Field>
        {customerId ? <input type="hidden" name="customer_id" value={customerId} /> : null}
      </FilterPopover>
      <FilterPopover {...popover("Date", text.placed, "placed_from", "placed_to")}>
        <div key={text.placed} className="flex flex-col gap-3">
          <Field label="From">
            {(control) => (
              <Input
                {...control}
                type="date"
                name="placed_from"
                defaultValue={params.get("placed_from") ?? ""}
              />
            )}
          </Field>
          <Field label="To">
            {(control) => (
              <Input
                {...control}
                type="date"
                name="placed_to"
                defaultValue={params.get("placed_to") ?? ""}
              />
            )}
          </Field>
          <Apply />
        </div>
      </FilterPopover>
      <FilterPopover {...popover("Total", text.total, "total_min", "total_max")}>
        <div key={text.total} className="flex flex-col gap-3">
          <div className="grid grid-cols-2 gap-2">
            <Amount label="At least" name="total_min" value={params.get("total_min")} />
            <Amount label="At most" name="total_max" value={params.get("total_max")} />
          </div>
          <Apply />
        </div>
      </FilterPopover>
      {params.get("sort") ? (
        <input type="hidden" name="sort" value={params.get("sort") ?? ""} />
      ) : null}
      {params.get("deleted") ? <input type="hidden" name="deleted" value="only" /> : null}
    </form>
  );
}

function Apply() {
  return (
    <Button type="submit" variant="primary" className="w-full">
      Apply
    </Button>
  );
}

function Amount({ label, name, value }: { label: string; name: string; value: string | null }) {
  return (
    <Field label={label}>
      {(control) => (
        <Input
          {...control}
          name={name}
          inputMode="decimal"
          pattern="-?\d{1,15}([.,]\d{1,6})?"
          title="A number, such as 12.50"
          defaultValue={value ?? ""}
        />
      )}
    </Field>
  );
}

/** What the filters' buttons say of the address. */
function useRangeTexts(params: URLSearchParams) {
  const { locale } = usePage();
  const day = (value: string | null) =>
    value && /^\d{4}-\d\d-\d\d$/.test(value)
      ? formatDate(`${value}T12:00:00Z`, locale, "UTC")
      : value;
  const amount = (value: string | null) => value && formatNumber(Number(value), locale);
  const range = (from: string | null, to: string | null) => {
    if (from && to) return `${from} – ${to}`;
    return from ? `from ${from}` : to ? `to ${to}` : null;
  };
  const statuses = STATUSES.filter((status) => params.get("status")?.split(",").includes(status));
  return {
    status: params.has("status") ? statuses.map((status) => STATUS[status].label).join(", ") : null,
    placed: range(day(params.get("placed_from")), day(params.get("placed_to"))),
    total: range(amount(params.get("total_min")), amount(params.get("total_max"))),
  };
}
