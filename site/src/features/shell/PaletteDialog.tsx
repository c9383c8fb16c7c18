import { Command } from "cmdk";
import { Boxes, Plus, ReceiptText, Search, Trash2, UserRound, Users } from "lucide-react";
import { type ReactNode, useEffect, useState } from "react";
import type { Customer } from "../../../../functions/_shared/contracts/customers.ts";
import type { Order } from "../../../../functions/_shared/contracts/orders.ts";
import type { Product } from "../../../../functions/_shared/contracts/products.ts";
import { ApiError } from "../../lib/api/client.ts";
import type { List } from "../../lib/api/resources.ts";
import { allows, type Role } from "../../lib/roles.ts";
import { useApi, useHref, usePage } from "../../ui/context.tsx";
import { Dialog } from "../../ui/Dialog.tsx";
import { STATUS } from "../orders/status.ts";
import { SECTIONS } from "./sections.ts";

const TYPING_PAUSE_MS = 180;
const HITS = 5;
/** `path` is of the tenant, unless it begins with a slash. */
type Entry = { label: string; path: string; icon: ReactNode; needs?: Role };
type Hits = { orders: Order[]; customers: Customer[]; products: Product[] };

/** Goes anywhere: commands by name, and orders, customers and products by the API's own search. */
export default function PaletteDialog({ onClose }: { onClose: () => void }) {
  const href = useHref();
  const { tenant } = usePage();
  const [text, setText] = useState("");
  const { hits, failed } = useHits(text.trim());
  const go = (path: string) => location.assign(path.startsWith("/") ? path : href(path));
  const commands: Entry[] = [
    { label: "New order", path: "orders/new", icon: <Plus />, needs: "member" },
    ...SECTIONS.map(({ label, path, Icon, needs }) => ({
      label: `Go to ${label.startsWith("API") || label.startsWith("SQL") ? label : label.toLowerCase()}`,
      path,
      icon: <Icon />,
      needs,
    })),
    { label: "Open orders", path: "orders?status=pending,processing", icon: <ReceiptText /> },
    { label: "Trashed orders", path: "orders?deleted=only", icon: <Trash2 /> },
    { label: "Your account", path: "/account", icon: <UserRound /> },
  ];
  const wanted = text.trim().toLowerCase();
  const fitting = commands.filter(
    ({ label, needs = "viewer" }) =>
      allows(tenant.role, needs) && ` ${label.toLowerCase()}`.includes(` ${wanted}`),
  );
  return (
    <Dialog open onClose={onClose} title="Search and commands" bare>
      <Command shouldFilter={false} label="Search and commands" loop>
        <div className="flex items-center gap-2.5 border-line border-b px-4">
          <Search className="size-4 text-faint" aria-hidden="true" />
          <Command.Input
            data-autofocus=""
            value={text}
            onValueChange={setText}
            placeholder="Search orders, customers, products…"
            className="h-12 flex-1 bg-transparent text-base outline-none placeholder:text-faint"
          />
        </div>
        <Command.List className="max-h-[min(24rem,60dvh)] overflow-y-auto p-1.5">
          <Command.Empty className="py-8 text-center text-muted text-sm">
            {failed ?? (hits === null ? "Searching…" : "Nothing found.")}
          </Command.Empty>
          <Hit heading="Commands">
            {fitting.map(({ label, path, icon }) => (
              <Item
                key={path}
                value={`command ${path}`}
                onSelect={() => go(path)}
                icon={icon}
                label={label}
              />
            ))}
          </Hit>
          <Hit heading="Orders">
            {hits?.orders.map(({ id, number, status, customer }) => (
              <Item
                key={id}
                value={id}
                onSelect={() => go(`orders/${id}`)}
                icon={<ReceiptText />}
                label={customer ? `${number} · ${customer.name}` : number}
                detail={STATUS[status].label}
              />
            ))}
          </Hit>
          <Hit heading="Customers">
            {hits?.customers.map(({ id, name, email }) => (
              <Item
                key={id}
                value={id}
                onSelect={() => go(`customers/${id}`)}
                icon={<Users />}
                label={name}
                detail={email}
              />
            ))}
          </Hit>
          <Hit heading="Products">
            {hits?.products.map(({ id, name, sku }) => (
              <Item
                key={id}
                value={id}
                onSelect={() => go(`products/${id}`)}
                icon={<Boxes />}
                label={name}
                detail={sku}
              />
            ))}
          </Hit>
        </Command.List>
      </Command>
    </Dialog>
  );
}

function useHits(text: string): { hits: Hits | null; failed: string | null } {
  const api = useApi();
  const [hits, setHits] = useState<Hits | null>(null);
  const [failed, setFailed] = useState<string | null>(null);
  useEffect(() => {
    if (text === "") {
      setHits({ orders: [], customers: [], products: [] });
      return;
    }
    const controller = new AbortController();
    const list = async <T,>(path: string) => {
      const options = { query: { q: text, limit: HITS }, signal: controller.signal };
      return (await api<List<T>>("GET", path, options)).data;
    };
    const search = async () => {
      try {
        const [orders, customers, products] = await Promise.all([
          list<Order>("/orders"),
          list<Customer>("/customers"),
          list<Product>("/products"),
        ]);
        setHits({ orders, customers, products });
        setFailed(null);
      } catch (error) {
        if (error instanceof ApiError) setFailed(error.message);
        else if (!controller.signal.aborted) throw error;
      }
    };
    const timer = setTimeout(() => void search(), TYPING_PAUSE_MS);
    return () => {
      clearTimeout(timer);
      controller.abort();
    };
  }, [api, text]);
  return { hits, failed };
}

function Hit({ heading, children }: { heading: string; children: ReactNode[] | undefined }) {
  if (!children || children.length === 0) return null;
  return (
    <Command.Group
      heading={heading}
      className="[&_[cmdk-group-heading]]:px-2.5 [&_[cmdk-group-heading]]:pt-2 [&_[cmdk-group-heading]]:pb-1 [&_[cmdk-group-heading]]:font-medium [&_[cmdk-group-heading]]:text-faint [&_[cmdk-group-heading]]:text-xs"
    >
      {children}
    </Command.Group>
  );
}

type ItemProps = {
  value: string;
  onSelect: () => void;
  icon: ReactNode;
  label: string;
  detail?: string | null;
};

function Item({ value, onSelect, icon, label, detail }: ItemProps) {
  return (
    <Command.Item
      value={value}
      onSelect={onSelect}
      className="flex h-9 cursor-default items-center gap-2.5 rounded-md px-2.5 text-sm data-[selected=true]:bg-hover pointer-coarse:h-11 [&_svg]:size-4 [&_svg]:text-faint"
    >
      {icon}
      <bdi className="min-w-0 flex-1 truncate">{label}</bdi>
      {detail ? <bdi className="max-w-40 truncate text-faint text-xs">{detail}</bdi> : null}
    </Command.Item>
  );
}
