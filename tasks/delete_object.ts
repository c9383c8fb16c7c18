import { DeleteObjectCommand } from "@aws-sdk/client-s3";
import { z } from "zod";
import { objectStore } from "./s3.ts";
import { defineTask } from "./task.ts";

/** Deletes an object after the row that named it. One that is gone already is deleted. */
export const deleteObject = defineTask({
  payload: z.object({ tenant_id: z.guid(), object_key: z.string().min(1) }),
  forDeletedTenants: true,
  async run({ object_key }) {
    const { client, bucket } = objectStore();
    await client.send(new DeleteObjectCommand({ Bucket: bucket, Key: object_key }));
  },
});
