import { ArrowDown, ArrowUp, Pencil, Plus, Trash2 } from "lucide-react";
import { lazy, Suspense, useState } from "react";
import {
  CUSTOM_ENTITIES,
  type CustomEntity,
  type CustomField,
} from "../../../../functions/_shared/contracts/custom_fields.ts";
import { Badge } from "../../ui/Badge.tsx";
import { Button } from "../../ui/Button.tsx";
import { Choice } from "../../ui/Choice.tsx";
import { ConfirmDialog } from "../../ui/ConfirmDialog.tsx";
import { type PageContext, PageProvider } from "../../ui/context.tsx";
import { ENTITY_LABELS, TYPE_LABELS } from "./field-form.ts";
import { useCustomFields } from "./use-custom-fields.ts";

const FieldDialog = lazy(() => import("./FieldDialog.tsx"));

type Props = { page: PageContext; fields: CustomField[] };

/** The island that defines the tenant's own fields. */
export function CustomFieldsCard({ page, fields }: Props) {
  return (
    <PageProvider page={page}>
      <CustomFields initial={fields} />
    </PageProvider>
  );
}

const OPTIONS = CUSTOM_ENTITIES.map((value) => ({ value, label: ENTITY_LABELS[value] }));

function CustomFields({ initial }: { initial: CustomField[] }) {
  const { of, busy, saved, remove, move } = useCustomFields(initial);
  const [entity, setEntity] = useState<CustomEntity>("customer");
  const [editing, setEditing] = useState<CustomField | "new" | null>(null);
  const [removing, setRemoving] = useState<CustomField | null>(null);
  const fields = of(entity);
  return (
    <section aria-labelledby="custom-fields" className="panel overflow-hidden">
      <div className="flex flex-col gap-4 px-4 pt-5 pb-4 md:px-5">
        <div className="flex items-start justify-between gap-3">
          <div>
            <h2 id="custom-fields" className="font-semibold text-sm">
              Custom fields
            </h2>
            <p className="mt-1 text-muted text-sm">
              What you keep about your customers, products and orders beyond what every business
              does.
            </p>
          </div>
          <Button size="sm" onClick={() => setEditing("new")}>
            <Plus aria-hidden="true" />
            Add field
          </Button>
        </div>
        <Choice label="Fields of" options={OPTIONS} value={entity} onChange={setEntity} />
      </div>
      {fields.length === 0 ? (
        <p className="border-line border-t px-4 py-4 text-muted text-sm md:px-5">No fields yet.</p>
      ) : (
        <ul>
          {fields.map((field, at) => (
            <li
              key={field.id}
              className="flex items-center gap-3 border-line border-t px-4 py-2 text-sm md:px-5"
            >
              <div className="min-w-0 flex-1">
                <p className="flex items-center gap-2">
                  <bdi className="truncate font-medium">{field.label}</bdi>
                  {field.required ? <Badge>Required</Badge> : null}
                </p>
                <p className="truncate text-faint text-xs">
                  {TYPE_LABELS[field.type]}
                  {field.choices.length > 0 ? `: ${field.choices.join(", ")}` : ""} · {field.key}
                </p>
              </div>
              <div className="flex">
                <Button
                  variant="ghost"
                  size="icon"
                  aria-label={`Move ${field.label} up`}
                  disabled={busy || at === 0}
                  onClick={() => void move(field, -1)}
                >
                  <ArrowUp aria-hidden="true" />
                </Button>
                <Button
                  variant="ghost"
                  size="icon"
                  aria-label={`Move ${field.label} down`}
                  disabled={busy || at === fields.length - 1}
                  onClick={() => void move(field, 1)}
                >
                  <ArrowDown aria-hidden="true" />
                </Button>
                <Button
                  variant="ghost"
                  size="icon"
                  aria-label={`Edit ${field.label}`}
                  onClick={() => setEditing(field)}
                >
                  <Pencil aria-hidden="true" />
                </Button>
                <Button
                  variant="ghost"
                  size="icon"
                  aria-label={`Remove ${field.label}`}
                  disabled={busy}
                  onClick={() => setRemoving(field)}
                >
                  <Trash2 aria-hidden="true" />
                </Button>
              </div>
            </li>
          ))}
        </ul>
      )}
      {editing ? (
        <Suspense>
          <FieldDialog
            entity={entity}
            field={editing === "new" ? null : editing}
            onClose={() => setEditing(null)}
            onSaved={(field) => {
              setEditing(null);
              saved(field);
            }}
          />
        </Suspense>
      ) : null}
      {removing ? (
        <ConfirmDialog
          danger
          title="Remove this field?"
          description={`${removing.label} is asked for and shown no more. A record loses what it holds in it when its custom fields are next saved.`}
          keep="Keep"
          action="Remove"
          onClose={() => setRemoving(null)}
          onConfirm={() => void remove(removing)}
        />
      ) : null}
    </section>
  );
}
