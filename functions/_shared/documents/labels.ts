/** The words on documents, by language. */

const en = {
  order_confirmation: "Order confirmation",
  delivery_note: "Delivery note",
  packing_list: "Packing list",
  cancelled: "Cancelled",
  bill_to: "Bill to",
  deliver_to: "Deliver to",
  order_number: "Order no.",
  order_date: "Order date",
  customer_tax_id: "Your tax ID",
  our_tax_id: "Tax ID",
  position: "No.",
  sku: "SKU",
  item: "Item",
  quantity: "Quantity",
  unit_price: "Unit price",
  discount: "Discount",
  tax: "Tax",
  amount: "Amount",
  packed: "Packed",
  amounts_in: "All amounts in",
  subtotal: "Subtotal",
  discounts_included: "Discounts already taken off",
  tax_at: "Tax",
  tax_on: "on",
  shipping: "Shipping",
  total: "Total",
  lines: "Lines",
  pieces: "Total quantity",
  notes: "Notes",
  received_by: "Received by (name, date, signature)",
  packed_by: "Packed by (name, date)",
  no_customer: "No customer",
  page: "Page",
  of: "of",
};

/** Every language has every word. */
export type Labels = Readonly<Record<keyof typeof en, string>>;

const de: Labels = {
  order_confirmation: "Auftragsbestätigung",
  delivery_note: "Lieferschein",
  packing_list: "Packliste",
  cancelled: "Storniert",
  bill_to: "Rechnung an",
  deliver_to: "Lieferung an",
  order_number: "Auftrag",
  order_date: "Auftragsdatum",
  customer_tax_id: "Ihre USt-IdNr.",
  our_tax_id: "USt-IdNr.",
  position: "Pos.",
  sku: "Artikelnr.",
  item: "Bezeichnung",
  quantity: "Menge",
  unit_price: "Einzelpreis",
  discount: "Rabatt",
  tax: "USt.",
  amount: "Betrag",
  packed: "Gepackt",
  amounts_in: "Alle Beträge in",
  subtotal: "Zwischensumme",
  discounts_included: "Darin abgezogene Rabatte",
  tax_at: "Umsatzsteuer",
  tax_on: "auf",
  shipping: "Versand",
  total: "Gesamtbetrag",
  lines: "Positionen",
  pieces: "Gesamtmenge",
  notes: "Anmerkungen",
  received_by: "Erhalten (Name, Datum, Unterschrift)",
  packed_by: "Gepackt (Name, Datum)",
  no_customer: "Ohne Kunde",
  page: "Seite",
  of: "von",
};

/** The words for a locale; English where its language is not spoken here. */
export function labelsFor(locale: string): { readonly language: string; readonly labels: Labels } {
  return locale.toLowerCase().split("-")[0] === "de"
    ? { language: "de", labels: de }
    : { language: "en", labels: en };
}
