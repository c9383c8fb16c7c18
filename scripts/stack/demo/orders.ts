/** Two years of orders for a demo tenant, growing, with their histories. */
import type { DemoCustomer } from "./customers.ts";
import type { DemoProduct } from "./products.ts";
import { type Random, randomOf } from "./random.ts";

export type DemoStatus = "processing" | "shipped" | "delivered" | "cancelled";

export type DemoOrder = {
  id: string;
  customer_id: string | null;
  placed_at: string;
  notes: string | null;
  shipping_total: number;
};

export type DemoItem = {
  id: string;
  order_id: string;
  position: number;
  product_id: string;
  sku: string;
  name: string;
  quantity: number;
  unit_price: number;
  discount_percent: number;
  tax_rate: number;
};

/** One step of an order's life after it was placed. */
export type DemoStep = { order_id: string; status: DemoStatus; at: string };

export type DemoOrders = { orders: DemoOrder[]; items: DemoItem[]; steps: DemoStep[] };

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const SPAN_DAYS = 730;

const NOTES = [
  "Please call before delivery.",
  "Deliver to the loading ramp behind the building, 7–12 h.",
  "Bitte Lieferschein und Rechnung getrennt senden.",
  "Partial delivery is fine.",
  "Goods in only on weekdays until 15:00.",
  "Customer's own order number: PO-2291.",
  "Merci de livrer à l'accueil.",
  "Gift wrapping, no invoice in the parcel.",
  "يرجى الاتصال قبل التسليم",
  "納品書を同封してください。",
  "Replacement for a damaged delivery, see our mail.",
  "Collects at the counter ☎ when ready.",
];

/** Later months hold more orders than earlier ones; all come between 7 and 17 o'clock UTC. */
function placedAt(random: Random, index: number, count: number, now: number): number {
  const share = (index + random.faker.number.float()) / count;
  const day = Math.min(SPAN_DAYS - 1, Math.floor(SPAN_DAYS * share ** 0.75));
  return now - (SPAN_DAYS - day) * DAY + random.integer(7 * 60, 17 * 60) * 60_000;
}

/** How far an order that old has come: the later steps only if their time has come. */
function stepsOf(random: Random, orderId: string, placed: number, now: number): DemoStep[] {
  const steps: DemoStep[] = [];
  const step = (status: DemoStatus, at: number) => {
    if (at < now) steps.push({ order_id: orderId, status, at: new Date(at).toISOString() });
  };
  // Some wait for goods or for money.
  const waits = random.chance(0.12) ? random.integer(48, 400) : 0;
  const started = placed + (random.integer(2, 60) + waits) * HOUR;
  const sent = started + random.integer(12, 120) * HOUR;
  const arrived = sent + random.integer(24, 170) * HOUR;
  const gaveUp = random.chance(0.06);
  if (gaveUp && random.chance(0.5)) {
    step("cancelled", started);
    return steps;
  }
  step("processing", started);
  if (gaveUp) {
    step("cancelled", sent);
  } else {
    step("shipped", sent);
    step("delivered", arrived);
  }
  return steps;
}

function itemsOf(
  random: Random,
  order: DemoOrder,
  placed: number,
  products: readonly DemoProduct[],
  taxed: boolean,
): DemoItem[] {
  const wanted = random.weighted([
    [30, 1],
    [26, 2],
    [17, 3],
    [11, 4],
    [7, 5],
    [5, 6],
    [2, 7],
    [2, 8],
  ]);
  const chosen = new Set<DemoProduct>();
  while (chosen.size < wanted) {
    // The front of the catalogue sells better.
    const place = Math.floor(products.length * random.faker.number.float() ** 1.6);
    const product = products[place];
    if (product) chosen.add(product);
  }
  const discount = random.weighted([
    [80, 0],
    [10, 5],
    [7, 10],
    [3, 12.5],
  ]);
  return [...chosen].map((product, index) => ({
    id: random.uuid(placed),
    order_id: order.id,
    position: index + 1,
    product_id: product.id,
    sku: product.sku,
    name: product.name,
    quantity:
      product.unit_price > 100
        ? random.integer(1, 3)
        : random.weighted([
            [40, random.integer(1, 3)],
            [40, random.integer(4, 20)],
            [20, random.integer(2, 12) * 10],
          ]),
    unit_price: product.unit_price,
    discount_percent: discount,
    tax_rate: taxed ? product.tax_rate : 0,
  }));
}

/**
 * Orders in the order in which they were placed.
 * @param now the moment the data end, in milliseconds.
 */
export function makeOrders(
  count: number,
  seed: number,
  now: number,
  home: string,
  customers: readonly DemoCustomer[],
  products: readonly DemoProduct[],
): DemoOrders {
  const random = randomOf(seed);
  const times = Array.from({ length: count }, (_, index) => placedAt(random, index, count, now));
  times.sort((a, b) => a - b);
  const made: DemoOrders = { orders: [], items: [], steps: [] };
  for (const placed of times) {
    // Few customers order much, many little; nobody orders before they came.
    const place = Math.floor(customers.length * random.faker.number.float() ** 2);
    const candidate = random.chance(0.98) ? customers[place] : undefined;
    const known = candidate && Date.parse(candidate.created_at) <= placed ? candidate : undefined;
    const customer =
      known ?? (random.chance(0.9) ? customers.find(isOld(placed, place)) : undefined);
    const order: DemoOrder = {
      id: random.uuid(placed),
      customer_id: customer?.id ?? null,
      placed_at: new Date(placed).toISOString(),
      notes: random.chance(0.22) ? random.pick(NOTES) : null,
      shipping_total: random.weighted([
        [35, 0],
        [35, 6.9],
        [20, 14.9],
        [10, 49],
      ]),
    };
    made.orders.push(order);
    const taxed = customer === undefined || customer.country === home;
    made.items.push(...itemsOf(random, order, placed, products, taxed));
    made.steps.push(...stepsOf(random, order.id, placed, now));
  }
  return made;
}

/** The next customer in the list, from a place on, who was there by then. */
function isOld(placed: number, from: number) {
  return (customer: DemoCustomer, index: number) =>
    index >= from && Date.parse(customer.created_at) <= placed;
}
