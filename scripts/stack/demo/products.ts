/** The demo tenants' catalogues: things that a trading business really sells. */
import { type Random, randomOf } from "./random.ts";

export type DemoProduct = {
  id: string;
  sku: string;
  name: string;
  unit_price: number;
  tax_rate: number;
  unit: string;
  active: boolean;
  created_at: string;
};

/** SKU stem, name, price of the first variant, unit, and the variants. */
type Line = readonly [stem: string, name: string, price: number, unit: string, ...string[]];

const WORKSHOP: readonly Line[] = [
  ["DRL", "Cordless drill 18 V", 129, "piece", "without battery", "2 × 2.0 Ah", "2 × 5.0 Ah"],
  ["BIT", "Bit set, tool steel", 14.9, "set", "25 pieces", "32 pieces", "61 pieces"],
  ["WRN", "Torque wrench ½″", 79.5, "piece", "5–60 Nm", "40–200 Nm", "60–340 Nm"],
  ["SCR", "Stainless wood screws A2, box of 500", 11.2, "box", "4 × 40", "5 × 60", "6 × 80"],
  ["ANC", "Heavy-duty anchor, box of 50", 24.8, "box", "M8", "M10", "M12"],
  ["CLP", "Bar clamp, cast", 18.4, "piece", "300 mm", "600 mm", "1,000 mm"],
  ["LAD", "Aluminium step ladder", 89, "piece", "4 steps", "6 steps", "8 steps"],
  ["VAC", "Wet and dry vacuum cleaner", 189, "piece", "20 l", "30 l", "50 l"],
  ["GRD", "Angle grinder", 69.9, "piece", "115 mm", "125 mm", "230 mm"],
  ["SAW", "Circular saw blade, carbide", 21.6, "piece", "160 mm", "190 mm", "216 mm"],
  ["GLV", "Assembly gloves, nitrile, 12 pairs", 19.8, "pack", "size 8", "size 9", "size 10"],
  ["HLM", "Safety helmet EN 397", 16.3, "piece", "white", "yellow", "blue"],
  ["BTS", "Safety shoes S3", 84, "pair", "41", "43", "45"],
  ["VST", "High-visibility vest", 5.4, "piece", "M", "L", "XL"],
  ["EAR", "Earmuffs SNR 30 dB", 17.9, "piece", "headband", "helmet mount", "Bluetooth"],
  ["LED", "LED floodlight IP65", 34.9, "piece", "30 W", "50 W", "100 W"],
  ["CBL", "Cable reel H07RN-F, 3 × 1.5 mm²", 58, "piece", "25 m", "40 m", "50 m"],
  ["SKT", "Surface socket IP44", 7.6, "piece", "single", "double", "triple"],
  ["MCB", "Circuit breaker, B curve", 6.9, "piece", "10 A", "16 A", "20 A"],
  ["TRK", "Cable trunking, 2 m", 4.3, "piece", "25 × 16", "40 × 40", "60 × 60"],
  [
    "BOX",
    "Folding carton, double wall, 20 pieces",
    22.4,
    "pack",
    "300 × 200",
    "400 × 300",
    "600 × 400",
  ],
  ["TAP", "Packing tape PP, 36 rolls", 41, "carton", "transparent", "brown", "printed “fragile”"],
  ["PAL", "Stretch film 500 mm, 6 rolls", 49.9, "carton", "17 µm", "20 µm", "23 µm"],
  ["EUR", "Pallet, heat-treated", 13.8, "piece", "half", "Euro 1,200 × 800", "industrial"],
  [
    "SHL",
    "Boltless shelving, galvanised",
    119,
    "piece",
    "1,800 × 900",
    "2,000 × 1,200",
    "2,500 × 1,200",
  ],
  ["BIN", "Storage bin, stackable", 3.9, "piece", "2 l", "7 l", "15 l"],
  ["TRL", "Platform trolley", 139, "piece", "150 kg", "300 kg", "500 kg"],
  ["PJK", "Pallet jack", 329, "piece", "1,000 kg", "2,000 kg", "2,500 kg"],
  ["OIL", "Hydraulic oil HLP", 21, "canister", "5 l ISO 32", "5 l ISO 46", "20 l ISO 46"],
  ["GRS", "Multipurpose grease", 6.7, "cartridge", "400 g", "400 g, high temperature", "1 kg tin"],
  ["CLN", "Industrial cleaner, concentrate", 17.2, "canister", "1 l", "5 l", "10 l"],
  ["PAP", "Wiping paper roll, 3-ply", 15.6, "roll", "500 sheets", "1,000 sheets", "1,500 sheets"],
  ["SOP", "Hand cleaner with scrub", 9.4, "piece", "500 ml", "3 l", "10 l"],
  ["FST", "First-aid kit DIN 13157", 29.5, "piece", "case", "wall cabinet", "refill"],
  ["EXT", "Fire extinguisher, foam", 54, "piece", "2 l", "6 l", "9 l"],
  ["LBL", "Label printer rolls, 12 pieces", 23.7, "pack", "57 × 32", "100 × 50", "100 × 150"],
  ["SCN", "Barcode scanner", 99, "piece", "USB", "Bluetooth", "with cradle"],
  ["PSU", "Uninterruptible power supply", 149, "piece", "600 VA", "1,000 VA", "1,500 VA"],
  ["CHR", "Swivel work chair, PU", 164, "piece", "on glides", "on castors", "with foot ring"],
  ["BNC", "Workbench, beech top", 398, "piece", "1,500 mm", "2,000 mm", "with drawers"],
];

const COFFEE: readonly Line[] = [
  ["ESP", "Espresso beans, 1 kg", 18.5, "bag", "Brasil Santos", "Ethiopia Sidamo", "House blend"],
  ["FLT", "Filter coffee, ground, 500 g", 9.9, "bag", "Colombia", "Guatemala", "Decaf"],
  ["TEA", "Loose-leaf tea, 250 g", 12.4, "tin", "Assam", "Sencha", "Rooibos"],
  ["SYR", "Flavor syrup, 750 ml", 7.95, "bottle", "Vanilla", "Caramel", "Hazelnut"],
  ["CUP", "Paper cups with lids, 500 pieces", 46, "case", "8 oz", "12 oz", "16 oz"],
  ["MLK", "Oat drink barista, 12 × 32 oz", 31.8, "case", "original", "organic", "extra creamy"],
  ["GRN", "Burr grinder", 289, "piece", "64 mm", "75 mm", "83 mm"],
  ["MCH", "Espresso machine", 2450, "piece", "1 group", "2 groups", "3 groups"],
  ["CLT", "Machine cleaning tablets", 16.2, "jar", "60 pieces", "100 pieces", "250 pieces"],
  ["SCL", "Brewing scale with timer", 59, "piece", "2 kg", "3 kg", "5 kg"],
];

const DAY = 86_400_000;

function price(first: number, variant: number, random: Random): number {
  const raised = first * (1 + variant * (0.25 + random.integer(0, 30) / 100));
  // Prices end the way price lists do.
  return raised < 20 ? Math.round(raised * 20) / 20 : Math.round(raised) - 0.1;
}

/** @param now the moment the demo data end, in milliseconds. */
function catalogue(lines: readonly Line[], seed: number, rate: number, now: number): DemoProduct[] {
  const random = randomOf(seed);
  return lines.flatMap(([stem, name, first, unit, ...variants]) =>
    variants.map((variant, index) => {
      const at = now - random.integer(731, 900) * DAY;
      return {
        id: random.uuid(at),
        sku: `${stem}-${String((index + 1) * 10).padStart(3, "0")}`,
        name: `${name}, ${variant}`,
        unit_price: Number(price(first, index, random).toFixed(2)),
        tax_rate: rate,
        unit,
        active: random.chance(0.96),
        created_at: new Date(at).toISOString(),
      };
    }),
  );
}

/** 120 articles for workshops and warehouses. */
export const acmeProducts = (now: number) => catalogue(WORKSHOP, 1101, 19, now);

/** 30 articles for cafés. */
export const globexProducts = (now: number) => catalogue(COFFEE, 2101, 0, now);
