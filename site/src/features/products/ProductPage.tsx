import { ArrowLeft, Pencil, Trash2 } from "lucide-react";
import { lazy, Suspense, useState } from "react";
import type { CustomField } from "../../../../functions/_shared/contracts/custom_fields.ts";
import type { Attachment } from "../../../../functions/_shared/contracts/files.ts";
import type { Product } from "../../../../functions/_shared/contracts/products.ts";
import { ApiError } from "../../lib/api/client.ts";
import type { List } from "../../lib/api/resources.ts";
import { Button, ButtonLink } from "../../ui/Button.tsx";
import { type PageContext, PageProvider, useAllows, useApi, useHref } from "../../ui/context.tsx";
import { Notice } from "../../ui/Notice.tsx";
import { PageHeader } from "../../ui/PageHeader.tsx";
import { toast } from "../../ui/toast.ts";
import { FilesCard } from "../files/FilesCard.tsx";
import { RecordTimeline } from "../records/RecordTimeline.tsx";
import { useTrash } from "../records/use-trash.ts";
import { ProductDetails } from "./ProductDetails.tsx";

const ProductDialog = lazy(() => import("./ProductDialog.tsx"));

type Props = {
  page: PageContext;
  product: Product;
  files: List<Attachment> | null;
  fields: CustomField[];
};

/** The island of a product's page. */
export function ProductPage({ page, ...rest }: Props) {
  return (
    <PageProvider page={page}>
      <ProductView {...rest} />
    </PageProvider>
  );
}

function ProductView({ product: initial, files, fields }: Omit<Props, "page">) {
  const api = useApi();
  const href = useHref();
  const mayWrite = useAllows("member");
  const [product, setProduct] = useState(initial);
  const [editing, setEditing] = useState(false);
  const { trash, restore, busy } = useTrash("/products", () => void reload());

  async function reload() {
    try {
      setProduct(await api<Product>("GET", `/products/${product.id}`));
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      const title = "The product could not be loaded again";
      toast({ kind: "error", title, detail: error.message });
    }
  }

  return (
    <>
      <PageHeader
        title={product.name}
        before={
          <ButtonLink
            href={href("products")}
            variant="ghost"
            size="icon"
            aria-label="Back to the products"
            className="-ms-2"
          >
            <ArrowLeft aria-hidden="true" className="rtl:rotate-180" />
          </ButtonLink>
        }
      >
        {mayWrite && !product.deleted_at ? (
          <>
            <Button
              variant="ghost"
              size="icon"
              aria-label="Move to trash"
              disabled={busy}
              onClick={() => void trash(product)}
            >
              <Trash2 aria-hidden="true" />
            </Button>
            <Button variant="primary" onClick={() => setEditing(true)}>
              <Pencil aria-hidden="true" />
              Edit
            </Button>
          </>
        ) : null}
      </PageHeader>
      <div className="px-4 pb-10 md:px-6">
        {product.deleted_at ? (
          <Notice
            kind="warning"
            title="In the trash."
            className="mb-5"
            action={
              mayWrite ? (
                <Button size="sm" busy={busy} onClick={() => void restore(product)}>
                  Restore
                </Button>
              ) : null
            }
          >
            Orders keep what was ordered.
          </Notice>
        ) : null}
        <div className="grid items-start gap-6 xl:grid-cols-[minmax(0,1fr)_20rem]">
          <div className="min-w-0 max-xl:order-1">
            <FilesCard
              owner={{ entity_type: "product", entity_id: product.id }}
              initial={files}
              writable={mayWrite && product.deleted_at === null}
            />
          </div>
          <div className="flex min-w-0 flex-col gap-6">
            <ProductDetails product={product} fields={fields} />
            <RecordTimeline path={`/products/${product.id}`} version={product.version} />
          </div>
        </div>
      </div>
      {editing ? (
        <Suspense>
          <ProductDialog
            product={product}
            fields={fields}
            onClose={() => setEditing(false)}
            onSaved={(saved) => {
              setProduct(saved);
              setEditing(false);
              toast({ kind: "success", title: `${saved.name} saved` });
            }}
          />
        </Suspense>
      ) : null}
    </>
  );
}
