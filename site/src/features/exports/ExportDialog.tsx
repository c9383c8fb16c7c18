import { type SubmitEvent, useState } from "react";
import type { Page } from "../../../../functions/_shared/contracts/common.ts";
import type {
  Export,
  ExportEntity,
  ExportFormat,
} from "../../../../functions/_shared/contracts/exports.ts";
import { ApiError } from "../../lib/api/client.ts";
import { formatNumber } from "../../lib/format.ts";
import { Button } from "../../ui/Button.tsx";
import { Choice } from "../../ui/Choice.tsx";
import { useApi, useHref, usePage } from "../../ui/context.tsx";
import { Dialog, DialogBody, DialogFooter } from "../../ui/Dialog.tsx";
import { Notice } from "../../ui/Notice.tsx";
import { ColumnChoice } from "./ColumnChoice.tsx";
import { COLUMNS, type RowKind } from "./columns.ts";
import { followExport } from "./follow.ts";
import { FORMATS } from "./labels.ts";
import { columnsOf, keepChoice, lastChoice } from "./last-choice.ts";

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
  const { locale, tenant } = usePage();
  const list = path.slice(1) as ExportEntity;
  const [last] = useState(() => lastChoice(tenant.id, list));
  const [format, setFormat] = useState<ExportFormat>(last.format);
  const [kind, setKind] = useState<RowKind>(last.kind);
  const [chosen, setChosen] = useState(columnsOf(last, kind));
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
      const made = await api<{ export: Export }>("POST", `${path}/export`, { body });
      const columns = { ...last.columns, [kind]: body.columns };
      keepChoice(tenant.id, list, { format, kind, columns });
      onClose();
      followExport(made.export, { api, tenantId: tenant.id, href });
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
            <Choice<RowKind>
              label="A row for each"
              options={[
                { value: "orders", label: "Order" },
                { value: "items", label: "Item" },
              ]}
              value={kind}
              onChange={(next) => {
                setKind(next);
                setChosen(columnsOf(last, next));
              }}
            />
          ) : null}
          <ColumnChoice kind={kind} chosen={chosen} onChange={setChosen} />
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
