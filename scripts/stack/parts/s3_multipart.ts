/** What s3rver lacks of uploads in parts: to list those under way, and to abort one. */
import { readdir, readFile, rm, stat } from "node:fs/promises";
import path from "node:path";
import type { Store } from "@20minutes/s3rver";
import S3Error from "@20minutes/s3rver/lib/models/error.js";
import router, { type Handler, type Method } from "@20minutes/s3rver/lib/routes.js";

type Upload = { Key: string; UploadId: string; Initiated: string };

/** As many as S3 gives at a time. */
const PAGE = 1_000;

const uploadsOf = (store: Store, bucket: string) =>
  store.getResourcePath(bucket, undefined, "uploads");

/** The uploads under way, by key and id; one that ends meanwhile is left out. */
async function underWay(store: Store, bucket: string, prefix: string): Promise<Upload[]> {
  const folder = uploadsOf(store, bucket);
  const ids = await readdir(folder).catch(() => []);
  const found = await Promise.all(ids.map((id) => read(folder, id)));
  const place = ({ Key, UploadId }: Upload) => `${Key}\0${UploadId}`;
  return found
    .filter((upload) => upload !== undefined)
    .filter(({ Key }) => Key.startsWith(prefix))
    .sort((a, b) => (place(a) < place(b) ? -1 : 1));
}

async function read(folder: string, UploadId: string): Promise<Upload | undefined> {
  const file = path.join(folder, UploadId, "key");
  try {
    const [Key, { mtime }] = await Promise.all([readFile(file, "utf8"), stat(file)]);
    return { Key, UploadId, Initiated: mtime.toISOString() };
  } catch {
    return undefined;
  }
}

const listUploads: Handler = async (ctx, next) => {
  if (!("uploads" in ctx.query)) return await next();
  const { prefix = "", "key-marker": key = "", "upload-id-marker": id = "" } = ctx.query;
  const all = await underWay(ctx.store, ctx.params.bucket, prefix);
  const rest = all.filter(
    ({ Key, UploadId }) => Key > key || (Key === key && id !== "" && UploadId > id),
  );
  const page = rest.slice(0, PAGE);
  const last = page.at(-1);
  const more = rest.length > page.length && last !== undefined;
  ctx.body = {
    ListMultipartUploadsResult: {
      Bucket: ctx.params.bucket,
      Prefix: prefix,
      IsTruncated: more,
      ...(more ? { NextKeyMarker: last.Key, NextUploadIdMarker: last.UploadId } : {}),
      Upload: page,
    },
  };
};

/** The folder of an upload under way. @throws S3Error when there is none with this key and id. */
async function uploadOf({ store, params }: Parameters<Handler>[0], id: string): Promise<string> {
  const folder = path.join(uploadsOf(store, params.bucket), id);
  const key = await readFile(path.join(folder, "key"), "utf8").catch(() => undefined);
  if (key === undefined || key !== params.key) {
    throw new S3Error("NoSuchUpload", "The specified upload does not exist.");
  }
  return folder;
}

const abortUpload: Handler = async (ctx, next) => {
  if (ctx.query.uploadId === undefined) return await next();
  await rm(await uploadOf(ctx, ctx.query.uploadId), { recursive: true, force: true });
  ctx.status = 204;
};

/** s3rver would begin an upload anew for a part of one that was aborted. */
const requireUpload: Handler = async (ctx, next) => {
  if (ctx.query.uploadId !== undefined) await uploadOf(ctx, ctx.query.uploadId);
  return await next();
};

/** Puts a handler before the one that the router has for the same requests. */
function before(method: Method, pattern: string, handler: Handler): void {
  const { stack } = router;
  const present = stack.findIndex(
    (layer) => layer.path === pattern && layer.methods.includes(method),
  );
  if (present < 0) throw new Error(`s3rver has no route ${method} ${pattern}`);
  router.register(pattern, [method], [handler]);
  const added = stack.pop();
  if (added !== undefined) stack.splice(present, 0, added);
}

// Its router is one for all servers of a process.
before("GET", "/:bucket", listUploads);
before("DELETE", "/:bucket/*key", abortUpload);
before("PUT", "/:bucket/*key", requireUpload);
