/** How a receiver makes sure that a delivery is ours, in the languages that ask most often. */
export type Sample = { readonly id: string; readonly label: string; readonly code: string };

const TYPESCRIPT = `// npm install standardwebhooks
import { createServer } from "node:http";
import { Webhook } from "standardwebhooks";

const webhook = new Webhook(process.env.KONTOR_WEBHOOK_SECRET!); // whsec_…

createServer(async (request, response) => {
  const parts: Buffer[] = [];
  for await (const part of request) parts.push(part);
  try {
    // The body as it came, not parsed and written anew: the signature is over its bytes.
    const event = webhook.verify(
      Buffer.concat(parts).toString(),
      request.headers as Record<string, string>,
    ) as { id: string; type: string; data: unknown };
    // The same event may come twice: remember event.id, and answer before the work begins.
    console.log(event.id, event.type);
    response.writeHead(204).end();
  } catch {
    response.writeHead(401).end();
  }
}).listen(8080);
`;

const PYTHON = `# pip install flask; the rest is Standard Webhooks by hand.
import base64, hashlib, hmac, os, time
from flask import Flask, request

app = Flask(__name__)
key = base64.b64decode(os.environ["KONTOR_WEBHOOK_SECRET"].removeprefix("whsec_"))

def is_ours(body: bytes) -> bool:
    id = request.headers.get("webhook-id", "")
    timestamp = request.headers.get("webhook-timestamp", "0")
    signed = f"{id}.{timestamp}.".encode() + body
    expected = "v1," + base64.b64encode(hmac.digest(key, signed, hashlib.sha256)).decode()
    given = request.headers.get("webhook-signature", "").split(" ")  # two after a rotation
    matches = any(hmac.compare_digest(expected, one) for one in given)
    return matches and timestamp.isdigit() and abs(time.time() - int(timestamp)) < 300

@app.post("/webhooks")
def receive():
    if not is_ours(request.get_data()):  # the body as it came: the signature is over its bytes
        return "", 401
    event = request.get_json()
    # The same event may come twice: remember its id, and answer before the work begins.
    print(event["id"], event["type"])
    return "", 204
`;

const PHP = `<?php
// Without a library: Standard Webhooks by hand.
$body = file_get_contents('php://input');
$id = $_SERVER['HTTP_WEBHOOK_ID'] ?? '';
$timestamp = $_SERVER['HTTP_WEBHOOK_TIMESTAMP'] ?? '';
$given = $_SERVER['HTTP_WEBHOOK_SIGNATURE'] ?? '';

$key = base64_decode(substr(getenv('KONTOR_WEBHOOK_SECRET'), strlen('whsec_')));
$expected = 'v1,' . base64_encode(hash_hmac('sha256', "$id.$timestamp.$body", $key, true));

$matches = false;
foreach (explode(' ', $given) as $signature) { // two for a day after the secret was rotated
    $matches = hash_equals($expected, $signature) || $matches;
}
if (!$matches || abs(time() - (int) $timestamp) > 300) {
    http_response_code(401);
    exit;
}
$event = json_decode($body, true);
// The same event may come twice: remember its id, and answer before the work begins.
error_log($event['id'] . ' ' . $event['type']);
http_response_code(204);
`;

const CURL = `# A delivery as Kontor would send it, to try a receiver of yours.
SECRET='whsec_…'
URL='http://localhost:8080/webhooks'
ID="$(cat /proc/sys/kernel/random/uuid)"
TIMESTAMP="$(date +%s)"
BODY='{"id":"'$ID'","type":"webhook.test","timestamp":"2026-01-31T09:00:00Z","data":{}}'

KEY="$(printf '%s' "\${SECRET#whsec_}" | base64 -d | od -An -tx1 | tr -d ' \\n')"
SIGNATURE="$(printf '%s.%s.%s' "$ID" "$TIMESTAMP" "$BODY" |
  openssl dgst -sha256 -mac HMAC -macopt "hexkey:$KEY" -binary | base64)"

curl -i "$URL" -H 'content-type: application/json' -H "webhook-id: $ID" \\
  -H "webhook-timestamp: $TIMESTAMP" -H "webhook-signature: v1,$SIGNATURE" -d "$BODY"
`;

export const SAMPLES: readonly Sample[] = [
  { id: "typescript", label: "TypeScript", code: TYPESCRIPT },
  { id: "python", label: "Python", code: PYTHON },
  { id: "php", label: "PHP", code: PHP },
  { id: "curl", label: "curl", code: CURL },
];
