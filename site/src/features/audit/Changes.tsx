import { ChangedValue } from "./ChangedValue.tsx";
import { changedFields, type FieldChanges } from "./changed-fields.ts";
import { fieldLabel } from "./words.ts";

type Props = { changes: FieldChanges; currency: unknown };

/** What an entry changed, field by field: what was, what is. */
export function Changes({ changes, currency }: Props) {
  const fields = changedFields(changes, currency);
  if (fields.length === 0) return null;
  return (
    <table className="w-full table-fixed text-sm">
      <caption className="sr-only">Fields</caption>
      <thead className="sr-only">
        <tr>
          <th scope="col">Field</th>
          <th scope="col">Before</th>
          <th scope="col">After</th>
        </tr>
      </thead>
      <tbody>
        {fields.map(({ name, before, after, currencies }) => (
          <tr key={name} className="border-line border-t align-top max-sm:block max-sm:py-1.5">
            <th
              scope="row"
              className="w-1/4 py-1.5 pe-3 text-start font-normal text-muted max-sm:block max-sm:w-auto max-sm:py-0"
            >
              {fieldLabel(name)}
            </th>
            <td className="py-1.5 pe-3 text-danger-text max-sm:block max-sm:py-0">
              <ChangedValue name={name} value={before} currency={currencies[0]} />
            </td>
            <td className="py-1.5 text-green-text max-sm:block max-sm:py-0">
              <ChangedValue name={name} value={after} currency={currencies[1]} />
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

/** The same where there is little room: a line for each field. */
export function ChangeLines({ changes, currency }: Props) {
  const fields = changedFields(changes, currency);
  if (fields.length === 0) return null;
  return (
    <dl className="mt-0.5 flex flex-col gap-0.5 text-xs">
      {fields.map(({ name, before, after, currencies }) => (
        <div key={name} className="line-clamp-3 break-words text-muted">
          <dt className="inline text-faint">{fieldLabel(name)}: </dt>
          <dd className="inline">
            <ChangedValue name={name} value={before} currency={currencies[0]} />
            <span aria-hidden="true"> → </span>
            <span className="sr-only">, now </span>
            <span className="text-ink">
              <ChangedValue name={name} value={after} currency={currencies[1]} />
            </span>
          </dd>
        </div>
      ))}
    </dl>
  );
}
