import { Users } from "lucide-react";
import { lazy } from "react";
import type { CustomField } from "../../../../functions/_shared/contracts/custom_fields.ts";
import type { Customer } from "../../../../functions/_shared/contracts/customers.ts";
import { Badge } from "../../ui/Badge.tsx";
import { type PageContext, useHref } from "../../ui/context.tsx";
import { DateTime } from "../../ui/Values.tsx";
import { type Column, RowLink } from "../list/DataTable.tsx";
import { LocalLink } from "../list/LocalLink.tsx";
import type { Loaded } from "../list/load.ts";
import { searchOf, withParams } from "../list/spec.ts";
import type { ListState } from "../list/use-list.ts";
import { type RecordKind, RecordsPage } from "../records/RecordsPage.tsx";
import { CUSTOMER_LIST } from "./list-spec.ts";

const CustomerDialog = lazy(() => import("./CustomerDialog.tsx"));

const KIND: RecordKind<Customer> = {
  path: "customers",
  title: "Customers",
  noun: ["customer", "customers"],
  icon: <Users aria-hidden="true" />,
  spec: CUSTOMER_LIST,
  filters: [
    {
      name: "kind",
      label: "Kind",
      choices: [
        ["company", "Companies"],
        ["person", "People"],
      ],
    },
    { name: "tag", label: "Tag", hint: "The whole tag, as it is written." },
  ],
  useColumns,
  Card: CustomerCard,
  Dialog: (props) => <CustomerDialog customer={null} {...props} />,
};

type Props = { page: PageContext; initial: Loaded<Customer>; fields: CustomField[] };

/** The island of the customers list. */
export function CustomersPage(props: Props) {
  return <RecordsPage kind={KIND} {...props} />;
}

function useColumns(state: ListState<Customer>): Column<Customer>[] {
  const href = useHref();
  return [
    {
      id: "name",
      header: "Name",
      sort: "name",
      wide: true,
      cell: ({ id, name, tags }) => (
        <span className="flex items-center gap-2">
          <RowLink href={href(`customers/${id}`)}>
            <bdi>{name}</bdi>
          </RowLink>
          {tags.slice(0, 3).map((tag) => (
            <LocalLink
              key={tag}
              href={searchOf(withParams(CUSTOMER_LIST, state.params, { tag }))}
              onOpen={state.open}
              title={`Customers tagged ${tag}`}
              className="relative z-1 rounded-full hover:underline"
            >
              <Badge>
                <bdi>{tag}</bdi>
              </Badge>
            </LocalLink>
          ))}
        </span>
      ),
    },
    {
      id: "kind",
      header: "Kind",
      from: "lg",
      cell: ({ kind }) => (
        <span className="text-muted">{kind === "company" ? "Company" : "Person"}</span>
      ),
    },
    {
      id: "email",
      header: "E-mail",
      cell: ({ email }) => <bdi className="block max-w-64 truncate text-muted">{email}</bdi>,
    },
    {
      id: "phone",
      header: "Phone",
      from: "xl",
      cell: ({ phone }) => <bdi className="numeric whitespace-nowrap text-muted">{phone}</bdi>,
    },
    {
      id: "created_at",
      header: "Since",
      sort: "created_at",
      sortFirst: "desc",
      align: "end",
      cell: ({ created_at }) => (
        <span className="text-muted">
          <DateTime value={created_at} />
        </span>
      ),
    },
  ];
}

function CustomerCard({ record: { id, name, email } }: { record: Customer }) {
  const href = useHref();
  return (
    <>
      <RowLink href={href(`customers/${id}`)}>
        <bdi className="block truncate text-sm">{name}</bdi>
      </RowLink>
      <p className="truncate text-muted text-sm" dir="auto">
        {email ?? "No e-mail"}
      </p>
    </>
  );
}
