import { type SubmitEvent, useState } from "react";
import type { Page } from "../../../../functions/_shared/contracts/common.ts";
import {
  CUSTOMER_COLUMNS,
  DEFAULT_COLUMNS,
  type Export,
  type ExportFormat,
  ITEM_COLUMNS,
  ORDER_COLUMNS,
  PRODUCT_COLUMNS,
} from "../../../../functions/_shared/contracts/exports.ts";
import { ApiError } from "../../lib/api/client.ts";
import { formatNumber } from "../../lib/format.ts";
import { Button } from "../../ui/Button.tsx";
import { Choice } from "../../ui/Choice.tsx";
import { useApi, useHref, usePage } from "../../ui/context.tsx";
import { Dialog, DialogBody, DialogFooter } from "../../ui/Dialog.tsx";
import { Notice } from "../../ui/Notice.tsx";
import { toast } from "../../ui/toast.ts";
import { ColumnChoice } from "./ColumnChoice.tsx";
import { FORMATS } from "./labels.ts";

type Kind = keyof typeof DEFAULT_COLUMNS;

const COLUMNS: Record<Kind, readonly string[]> = {
  orders: ORDER_COLUMNS,
  items: [...ORDER_COLUMNS, ...ITEM_COLUMNS],
  customers: CUSTOMER_COLUMNS,
  products: PRODUCT_COLUMNS,
};

type Props = {
  /** The list's path in the API, `/orders`. */
  path: string;
  /** What the list is filtered and sorted by. */
  params: URLSearchParams;
  total: Page["total"];
  noun: readonly [string, string];
  onClose: () => void;
};

/** Asks what a file of a list is to be like, and asks the server to make it. */
export default function ExportDialog({ path, params, total, noun, onClose }: Props) {
  const api = useApi();
  const href = useHref();
  const { locale } = usePage();
  const list = path.slice(1) as Exclude<Kind, "items">;
  const [format, setFormat] = useState<ExportFormat>("csv");
  const [kind, setKind] = useState<Kind>(list);
  const [chosen, setChosen] = useState<ReadonlySet<string>>(new Set(DEFAULT_COLUMNS[list]));
  const [busy, setBusy] = useState(false);
  const [refusal, setRefusal] = useState<string | null>(null);
  const count = `${total.kind === "estimated" ? "about " : ""}${formatNumber(total.count, locale)}`;

  async function submit(event: SubmitEvent<HTMLFormElement>) {
    event.preventDefault();
    const { sort, cursor: _, ...filters } = Object.fromEntries(params);
    const body = {
      format,
      filters,
      columns: COLUMNS[kind].filter((name) => chosen.has(name)),
      ...(sort ? { sort } : {}),
      ...(list === "orders" ? { rows: kind } : {}),
    };
    setBusy(true);
    setRefusal(null);
    try {
      await api<{ export: Export }>("POST", `${path}/export`, { body });
      onClose();
      toast({
        kind: "success",
        title: "The file is being made",
        detail: "You may go on working meanwhile.",
        action: { label: "Show exports", run: () => location.assign(href("exports")) },
      });
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      setRefusal([error.message, ...error.fields.map(({ message }) => message)].join(" "));
      setBusy(false);
    }
  }

  return (
    <Dialog
      open
      onClose={onClose}
      size="md"
      title={`Export ${noun[1]}`}
      description={
        total.count === 1
          ? `The one ${noun[0]} you are looking at.`
          : `The ${count} ${noun[1]} you are looking at, with the same filters and in the same order.`
      }
    >
      <form noValidate onSubmit={(event) => void submit(event)} className="flex min-h-0 flex-col">
        <DialogBody className="flex flex-col gap-5">
          {refusal ? <Notice kind="danger">{refusal}</Notice> : null}
          <Choice
            label="Format"
            options={(["csv", "xlsx", "pdf"] as const).map((value) => {
              return { value, label: FORMATS[value].label };
            })}
            value={format}
            hint={FORMATS[format].hint}
            onChange={setFormat}
          />
          {list === "orders" ? (
            <Choice<Kind>
              label="A row for each"
              options={[
                { value: "orders", label: "Order" },
                { value: "items", label: "Item" },
              ]}
              value={kind}
              onChange={(next) => {
                setKind(next);
                setChosen(new Set(DEFAULT_COLUMNS[next]));
              }}
            />
          ) : null}
          <ColumnChoice
            known={COLUMNS[kind]}
            usual={DEFAULT_COLUMNS[kind]}
            chosen={chosen}
            onChange={setChosen}
          />
        </DialogBody>
        <DialogFooter>
          <Button onClick={onClose}>Cancel</Button>
          <Button type="submit" variant="primary" busy={busy} disabled={chosen.size === 0}>
            Export
          </Button>
        </DialogFooter>
      </form>
    </Dialog>
  );
}
