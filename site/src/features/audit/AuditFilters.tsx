import type { SubmitEvent } from "react";
import { AUDIT_ACTIONS, type AuditEntry } from "../../../../functions/_shared/contracts/audit.ts";
import type { Member } from "../../../../functions/_shared/contracts/tenancy.ts";
import { Button } from "../../ui/Button.tsx";
import { Field } from "../../ui/Field.tsx";
import { Input, Select } from "../../ui/Input.tsx";
import { FilterPopover } from "../list/FilterPopover.tsx";
import { searchOf, withParams } from "../list/spec.ts";
import type { ListState } from "../list/use-list.ts";
import { AUDIT_LIST } from "./list-spec.ts";
import { ACTIONS, ENTITIES, entityLabel } from "./words.ts";

type Props = { state: ListState<AuditEntry>; members: readonly Member[] };
type Choice = readonly [value: string, label: string];

/** The filters, as one form whose fields are the address's parameters. */
export function AuditFilters({ state, members }: Props) {
  const { params } = state;
  const value = (name: string) => params.get(name) ?? "";
  const choices: [name: string, label: string, all: string, choices: Choice[]][] = [
    ["action", "Action", "Every action", AUDIT_ACTIONS.map((one) => [one, ACTIONS[one].label])],
    ["entity_type", "Record", "Every kind of record", Object.entries(ENTITIES)],
    ["actor_id", "Who", "Everybody", members.map((one) => [one.user_id, one.name ?? one.email])],
  ];
  const without = (...names: string[]) =>
    searchOf(
      withParams(AUDIT_LIST, params, Object.fromEntries(names.map((name) => [name, null]))),
    ) || "?";
  const open = (href: string) => state.open(href === "?" ? "" : href);
  const [from, to] = [value("from"), value("to")];

  function apply(event: SubmitEvent<HTMLFormElement>) {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    state.change({ from: String(form.get("from") ?? ""), to: String(form.get("to") ?? "") });
    event.currentTarget.querySelector<HTMLElement>(":popover-open")?.hidePopover();
  }

  return (
    <form method="get" onSubmit={apply} className="contents">
      {choices.map(([name, label, all, options]) => (
        <Select
          key={name}
          name={name}
          aria-label={label}
          value={value(name)}
          className="!h-8 !w-auto max-w-48 !text-sm"
          onChange={(event) => state.change({ [name]: event.target.value })}
        >
          <option value="">{all}</option>
          {value(name) !== "" && !options.some(([one]) => one === value(name)) ? (
            <option value={value(name)}>
              {name === "entity_type" ? entityLabel(value(name)) : value(name)}
            </option>
          ) : null}
          {options.map(([one, text]) => (
            <option key={one} value={one}>
              {text}
            </option>
          ))}
        </Select>
      ))}
      <FilterPopover
        label="Date"
        value={[from && `from ${from}`, to && `to ${to}`].filter(Boolean).join(" ") || null}
        clearHref={without("from", "to")}
        onOpen={open}
      >
        <div key={`${from} ${to}`} className="flex flex-col gap-3">
          <Field label="From">
            {(control) => <Input {...control} type="date" name="from" defaultValue={from} />}
          </Field>
          <Field label="To">
            {(control) => <Input {...control} type="date" name="to" defaultValue={to} />}
          </Field>
          <Button type="submit" variant="primary" className="w-full">
            Apply
          </Button>
        </div>
      </FilterPopover>
      {value("entity_id") ? (
        <FilterPopover
          label="One record"
          value={value("entity_id")}
          clearHref={without("entity_id")}
          onOpen={open}
        >
          <p className="break-all text-sm">{value("entity_id")}</p>
          <input type="hidden" name="entity_id" value={value("entity_id")} />
        </FilterPopover>
      ) : null}
    </form>
  );
}
