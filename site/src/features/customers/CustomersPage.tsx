import { Plus, RotateCcw, Users } from "lucide-react";
import { lazy, Suspense, useMemo, useState } from "react";
import type { CustomField } from "../../../../functions/_shared/contracts/custom_fields.ts";
import type { Customer } from "../../../../functions/_shared/contracts/customers.ts";
import { Badge } from "../../ui/Badge.tsx";
import { Button } from "../../ui/Button.tsx";
import { type PageContext, PageProvider, useAllows, useHref } from "../../ui/context.tsx";
import { leaveWithToast } from "../../ui/toast.ts";
import { DateTime } from "../../ui/Values.tsx";
import { type Column, RowLink } from "../list/DataTable.tsx";
import { ListFrame } from "../list/ListFrame.tsx";
import type { Loaded } from "../list/load.ts";
import { SearchBox } from "../list/SearchBox.tsx";
import { useList } from "../list/use-list.ts";
import { useRowKeys } from "../list/use-row-keys.ts";
import { useTrash } from "../records/use-trash.ts";
import { CUSTOMER_LIST } from "./list-spec.ts";

const CustomerDialog = lazy(() => import("./CustomerDialog.tsx"));

type Props = { page: PageContext; initial: Loaded<Customer>; fields: CustomField[] };

/** The island of the customers list. */
export function CustomersPage({ page, ...rest }: Props) {
  return (
    <PageProvider page={page}>
      <Customers {...rest} />
    </PageProvider>
  );
}

function Customers({ initial, fields }: Omit<Props, "page">) {
  const state = useList(CUSTOMER_LIST, initial);
  const href = useHref();
  const mayWrite = useAllows("member");
  const [creating, setCreating] = useState(false);
  const { restore, busy } = useTrash("/customers", () => void state.refresh());
  const trash = state.params.has("deleted");
  useRowKeys();

  const columns = useMemo(() => {
    const all: Column<Customer>[] = [
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
              <Badge key={tag}>
                <bdi>{tag}</bdi>
              </Badge>
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
    if (trash && mayWrite) {
      all.push({
        id: "restore",
        header: "",
        align: "end",
        cell: (customer) => (
          <Button
            size="sm"
            className="relative z-1"
            disabled={busy}
            onClick={() => void restore(customer)}
          >
            <RotateCcw aria-hidden="true" />
            Restore
          </Button>
        ),
      });
    }
    return all;
  }, [href, trash, mayWrite, busy, restore]);

  const create = mayWrite ? (
    <Button variant="primary" onClick={() => setCreating(true)}>
      <Plus aria-hidden="true" />
      New customer
    </Button>
  ) : null;

  return (
    <>
      <ListFrame
        title="Customers"
        noun={["customer", "customers"]}
        icon={<Users aria-hidden="true" />}
        spec={CUSTOMER_LIST}
        state={state}
        create={create}
        filters={
          <form method="get" className="contents">
            <SearchBox state={state} label="Search customers" />
          </form>
        }
        columns={columns}
        defaultSort="name"
        card={({ id, name, email }) => (
          <>
            <RowLink href={href(`customers/${id}`)}>
              <bdi className="block truncate text-sm">{name}</bdi>
            </RowLink>
            <p className="truncate text-muted text-sm" dir="auto">
              {email ?? "No e-mail"}
            </p>
          </>
        )}
      />
      {creating ? (
        <Suspense>
          <CustomerDialog
            customer={null}
            fields={fields}
            onClose={() => setCreating(false)}
            onSaved={({ id, name }) => leaveWithToast(href(`customers/${id}`), `${name} created`)}
          />
        </Suspense>
      ) : null}
    </>
  );
}
