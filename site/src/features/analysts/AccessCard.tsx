import { type SubmitEvent, useState } from "react";
import type { AccessExplained } from "../../../../functions/_shared/contracts/analysts.ts";
import type { Member } from "../../../../functions/_shared/contracts/tenancy.ts";
import { ApiError } from "../../lib/api/client.ts";
import { Badge } from "../../ui/Badge.tsx";
import { Button } from "../../ui/Button.tsx";
import { type PageContext, PageProvider, useApi } from "../../ui/context.tsx";
import { Field } from "../../ui/Field.tsx";
import { Input, Select } from "../../ui/Input.tsx";
import { Notice } from "../../ui/Notice.tsx";

type Props = { page: PageContext; members: readonly Pick<Member, "user_id" | "email">[] };

const UUID = /[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}/i;
const TABLES = [
  { value: "orders", label: "Order" },
  { value: "customers", label: "Customer" },
  { value: "products", label: "Product" },
];
const DOES: Record<string, string> = {
  select: "see it",
  insert: "make it",
  update: "change it",
  delete: "delete it",
  all: "see and change it",
};

/** The island that says which rule lets somebody at a record, or does not. */
export function AccessCard({ page, members }: Props) {
  return (
    <PageProvider page={page}>
      <Access members={members} />
    </PageProvider>
  );
}

function Access({ members }: Omit<Props, "page">) {
  const api = useApi();
  const [busy, setBusy] = useState(false);
  const [answer, setAnswer] = useState<AccessExplained | null>(null);
  const [refusal, setRefusal] = useState<{ form?: string; record?: string }>({});

  async function explain(event: SubmitEvent<HTMLFormElement>) {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    const id = UUID.exec(String(form.get("record")))?.[0];
    setAnswer(null);
    if (!id) {
      setRefusal({ record: "Paste the address of its page, or its id." });
      return;
    }
    setBusy(true);
    setRefusal({});
    try {
      const query = { user_id: String(form.get("user_id")), table: String(form.get("table")), id };
      setAnswer(await api<AccessExplained>("GET", "/analysts/explain", { query }));
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      setRefusal({ form: error.message });
    } finally {
      setBusy(false);
    }
  }

  return (
    <section aria-labelledby="access" className="panel overflow-hidden">
      <form
        noValidate
        onSubmit={(event) => void explain(event)}
        className="flex flex-col gap-4 px-4 py-4 md:px-5"
      >
        <div>
          <h2 id="access" className="font-semibold text-sm">
            Why can they see this?
          </h2>
          <p className="mt-1 text-muted text-sm">
            The database's own rules, asked as that person. Nothing is changed.
          </p>
        </div>
        {refusal.form ? <Notice kind="danger">{refusal.form}</Notice> : null}
        <div className="grid items-start gap-4 sm:grid-cols-[minmax(0,1fr)_9rem_minmax(0,1fr)]">
          <Field label="Person">
            {(field) => (
              <Select {...field} name="user_id">
                {members.map(({ user_id, email }) => (
                  <option key={user_id} value={user_id}>
                    {email}
                  </option>
                ))}
              </Select>
            )}
          </Field>
          <Field label="Kind">
            {(field) => (
              <Select {...field} name="table">
                {TABLES.map(({ value, label }) => (
                  <option key={value} value={value}>
                    {label}
                  </option>
                ))}
              </Select>
            )}
          </Field>
          <Field label="Address or id" error={refusal.record}>
            {(field) => <Input {...field} name="record" dir="ltr" autoComplete="off" />}
          </Field>
        </div>
        <Button type="submit" busy={busy} className="self-start">
          Explain
        </Button>
      </form>
      {answer ? <Verdict answer={answer} /> : null}
    </section>
  );
}

function Verdict({ answer: { exists, role, reads, policies } }: { answer: AccessExplained }) {
  return (
    <div role="status" className="border-line border-t px-4 py-3 text-sm md:px-5">
      <p className="font-medium">
        {exists
          ? `A ${role} here: they ${reads ? "can" : "cannot"} see it.`
          : "This tenant has no such record: nobody here sees one."}
      </p>
      {exists ? (
        <ul className="mt-2 flex flex-col gap-1.5">
          {policies.map(({ policy, command, allows }) => (
            <li key={policy} className="flex flex-wrap items-center gap-x-2 gap-y-1">
              <Badge tone={allows ? "green" : "grey"} dot>
                {allows ? "lets them" : "does not let them"} {DOES[command] ?? command}
              </Badge>
              <span className="text-muted">{policy}</span>
            </li>
          ))}
        </ul>
      ) : null}
    </div>
  );
}
