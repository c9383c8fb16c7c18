-- For tests: Envoy's side of the conversation with access.lua, as far as that uses it.
-- `answer` is what the functions say when they are asked for a token: a status and a body.
-- `refusal` is what the part behind it answers with 403, if anything.
function ask(method, target, given, address, status, body, refusal)
  local seen = { headers = {}, asked = 0, status = 200, detail = "" }
  for name, value in pairs(given) do seen.headers[name] = value end
  seen.headers[":method"], seen.headers[":path"] = method, target
  local headers = {}
  function headers:get(name) return seen.headers[name] end
  function headers:remove(name) seen.headers[name] = nil end
  function headers:replace(name, value) seen.headers[name] = value end
  local handle, kept = {}, {}
  local metadata = {}
  function metadata:set(filter, key, value) kept[filter] = { [key] = value } end
  function metadata:get(filter) return kept[filter] end
  function handle:headers() return headers end
  function handle:streamInfo()
    return {
      downstreamRemoteAddress = function() return address end,
      dynamicMetadata = function() return metadata end,
    }
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
  if refusal and seen.status == 200 then
    local answer, text = {}, {}
    function text:length() return #refusal end
    function text:getBytes(from, length) return refusal:sub(from + 1, from + length) end
    function answer:headers() return { get = function() return "403" end } end
    function answer:body() return text end
    function answer:httpCall(cluster, sent, told, _, asynchronous)
      assert(cluster == "functions" and asynchronous)
      seen.sent, seen.told = sent, told
    end
    answer.streamInfo = handle.streamInfo
    envoy_on_response(answer)
  end
  return seen
end
