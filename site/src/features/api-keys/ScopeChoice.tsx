import { useId } from "react";
import { type Domain, domains } from "../../../../functions/_shared/contracts/api_keys.ts";
import { Select } from "../../ui/Input.tsx";

export type May = "none" | "read" | "write";
export type Scopes = Readonly<Record<Domain, May>>;

export const NO_SCOPES: Scopes = {
  orders: "none",
  customers: "none",
  products: "none",
  files: "none",
  exports: "none",
};

const LABELS: Record<Domain, string> = {
  orders: "Orders",
  customers: "Customers",
  products: "Products",
  files: "Files",
  exports: "Exports",
};

type Props = { scopes: Scopes; mayWrite: boolean; onChange: (scopes: Scopes) => void };

/** What a key may do with each kind of record. */
export function ScopeChoice({ scopes, mayWrite, onChange }: Props) {
  const id = useId();
  return (
    <fieldset>
      <legend className="sr-only">Scopes</legend>
      <ul className="panel overflow-hidden [&>li:first-child]:border-t-0">
        {domains.map((domain) => (
          <li
            key={domain}
            className="flex items-center justify-between gap-3 border-line border-t px-3 py-1.5 text-sm"
          >
            <label htmlFor={`${id}-${domain}`}>{LABELS[domain]}</label>
            <Select
              id={`${id}-${domain}`}
              className="max-w-44"
              value={scopes[domain]}
              onChange={(event) => onChange({ ...scopes, [domain]: event.target.value as May })}
            >
              <option value="none">No access</option>
              <option value="read">Read</option>
              {mayWrite || scopes[domain] === "write" ? (
                <option value="write">Read and write</option>
              ) : null}
            </Select>
          </li>
        ))}
      </ul>
    </fieldset>
  );
}
