-- For tests: Envoy's side of the conversation with access.lua, as far as that uses it.
-- `answer` is what the functions say when they are asked for a token: a status and a body.
function ask(method, target, given, address, status, body)
  local seen = { headers = {}, asked = 0, status = 200, detail = "" }
  for name, value in pairs(given) do seen.headers[name] = value end
  seen.headers[":method"], seen.headers[":path"] = method, target
  local headers = {}
  function headers:get(name) return seen.headers[name] end
  function headers:remove(name) seen.headers[name] = nil end
  function headers:replace(name, value) seen.headers[name] = value end
  local handle = {}
  function handle:headers() return headers end
  function handle:streamInfo()
    return { downstreamRemoteAddress = function() return address end }
  end
  function handle:respond(with, detail)
    seen.status, seen.detail = tonumber(with[":status"]), detail
  end
  function handle:httpCall(cluster, sent, _, _)
    assert(cluster == "functions" and sent[":path"] == "/functions/v1/api-keys/token")
    seen.asked = seen.asked + 1
    seen.sent = sent
    return { [":status"] = status }, body
  end
  envoy_on_request(handle)
  return seen
end
