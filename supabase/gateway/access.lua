-- Who may pass the gateway, and with which Authorization: the same decisions as those of the embedded
-- stack's gateway (scripts/stack/parts/gateway_access.ts), asked in the same cases by access.test.ts.
-- Envoy runs it on LuaJIT, the tests on Lua 5.4: nothing here that only one has.

local ANON_KEY = os.getenv("ANON_KEY") or ""
local SERVICE_ROLE_KEY = os.getenv("SERVICE_ROLE_KEY") or ""

local FILTER = "envoy.filters.http.lua"

local METHODS =
  { GET = true, HEAD = true, POST = true, PUT = true, PATCH = true, DELETE = true, OPTIONS = true }

-- Opened by a link in a mail, a provider's redirect or another server, without any key.
local OPEN = {
  ["/auth/v1/verify"] = true,
  ["/auth/v1/callback"] = true,
  ["/auth/v1/authorize"] = true,
  ["/auth/v1/sso/saml/acs"] = true,
  ["/auth/v1/sso/saml/metadata"] = true,
}

-- What proxies say about a client, and a client must therefore not say itself. Envoy has read what it
-- believes of X-Forwarded-For and -Proto before; routes set X-Forwarded-For and -Prefix anew.
local CLAIMS_ABOUT_CLIENT = {
  "forwarded", "x-real-ip", "x-client-ip", "true-client-ip",
  "x-forwarded-host", "x-forwarded-port", "x-forwarded-prefix", "x-forwarded-server",
  -- A trace may begin outside; what else is said of it stays there.
  "tracestate", "baggage",
}

-- Tokens got for API keys, by key. Each of Envoy's threads has its own; the database looks at the key
-- in every request, so a token may be used for as long as it holds.
local tokens, held = {}, 0
local MAX_TOKENS = 2000
local MARGIN_SECONDS = 20

local ALPHABET = {}
for i, c in ipairs({ "A", "Z", "a", "z", "0", "9" }) do
  if i % 2 == 1 then
    local last = ({ A = "Z", a = "z", ["0"] = "9" })[c]
    for byte = c:byte(), last:byte() do
      ALPHABET[#ALPHABET + 1] = string.char(byte)
    end
  end
end
ALPHABET[#ALPHABET + 1] = "-"
ALPHABET[#ALPHABET + 1] = "_"
local VALUE = {}
for i, c in ipairs(ALPHABET) do
  VALUE[c] = i - 1
end

local function base64url(text)
  local out, bits, count = {}, 0, 0
  for c in text:gmatch("[%w%-_]") do
    bits, count = bits * 64 + VALUE[c], count + 6
    if count >= 8 then
      count = count - 8
      local unit = 2 ^ count
      local byte = math.floor(bits / unit)
      out[#out + 1] = string.char(byte)
      bits = bits - byte * unit
    end
  end
  return table.concat(out)
end

-- A string of the object's own members; one deeper inside (a person's metadata) says nothing.
local function member(json, wanted)
  local depth, i, key = 0, 1, nil
  while i <= #json do
    local c = json:sub(i, i)
    if c == '"' then
      local stop = i + 1
      while stop <= #json and json:sub(stop, stop) ~= '"' do
        stop = stop + (json:sub(stop, stop) == "\\" and 2 or 1)
      end
      if depth == 1 then
        local text = json:sub(i + 1, stop - 1)
        if key == nil and json:find("^%s*:", stop + 1) then
          key = text
        elseif key == wanted then
          return text
        end
      end
      i = stop
    elseif c == "{" or c == "[" then
      depth = depth + 1
    elseif c == "}" or c == "]" then
      depth = depth - 1
    elseif c == "," and depth == 1 then
      key = nil
    end
    i = i + 1
  end
  return nil
end

-- A claim of a token; its signature is checked by who honours it, not here.
local function claim(token, name)
  return member(base64url(token:match("^[^.]*%.([^.]*)") or ""), name)
end

local function bearer_of(authorization)
  return (authorization or ""):match("^[Bb][Ee][Aa][Rr][Ee][Rr] +(%S+) *$")
end

local function refuse(handle, status, detail)
  handle:respond({ [":status"] = tostring(status) }, detail)
end

local function is_open(path)
  return OPEN[path] or path:find("^/auth/v1/%.well%-known/[%w_.-]+$") ~= nil
end

local function address_of(handle)
  local address = handle:streamInfo():downstreamRemoteAddress() or ""
  return address:match("^%[(.+)%]:%d+$") or address:match("^([%d.]+):%d+$") or address
end

-- PostgREST knows tokens only: the functions give one for an API key.
local function exchange(handle, key, request_id)
  local known = tokens[key]
  if known and known.till > os.time() then
    return known.token
  end
  local headers, body = handle:httpCall("functions", {
    [":method"] = "POST",
    [":path"] = "/functions/v1/api-keys/token",
    [":authority"] = "functions",
    ["authorization"] = "Bearer " .. key,
    ["apikey"] = SERVICE_ROLE_KEY,
    ["x-forwarded-for"] = address_of(handle),
    ["x-request-id"] = request_id,
  }, "", 5000)
  local status = headers and headers[":status"]
  if status == "401" then
    return nil, 401, "This API key is not known, or no longer."
  end
  local token = status == "200" and (body or ""):match('"access_token"%s*:%s*"([%w%-_.]+)"')
  if not token then
    return nil, 503, "API keys cannot be looked up just now."
  end
  local seconds = tonumber((body or ""):match('"expires_in"%s*:%s*(%d+)')) or 0
  if held >= MAX_TOKENS then
    tokens, held = {}, 0
  end
  tokens[key], held = { token = token, till = os.time() + seconds - MARGIN_SECONDS }, held + 1
  return token
end

-- /rest/v1 and /auth/v1: a known apikey is needed; a person's own token wins over its role.
local function authorize_keyed(handle, path, apikey, authorization)
  local bearer = bearer_of(authorization)
  if apikey == SERVICE_ROLE_KEY or bearer == SERVICE_ROLE_KEY
    or (bearer and claim(bearer, "role") == "service_role") then
    return nil, 401, "The service role is not honoured here."
  end
  if path:find("^/auth/") and bearer and claim(bearer, "api_key_id") then
    return nil, 401, "An API key has no account."
  end
  if apikey == nil then
    if is_open(path) then
      return ""
    end
    return nil, 401, "No API key found: send it in the header `apikey`."
  end
  if ANON_KEY == "" or apikey ~= ANON_KEY then
    return nil, 401, "The API key is not known here."
  end
  if bearer == nil or bearer == apikey or bearer:sub(1, 3) == "sb_" then
    return "Bearer " .. ANON_KEY
  end
  return authorization
end

-- /functions/v1: no apikey is needed, and the anon key says nothing about a person.
local function authorize_functions(authorization)
  local bearer = bearer_of(authorization)
  if bearer == nil then
    return authorization or ""
  end
  if bearer == SERVICE_ROLE_KEY or claim(bearer, "role") == "service_role" then
    return nil, 401, "The service role is not honoured here."
  end
  if bearer == ANON_KEY or bearer:sub(1, 3) == "sb_" then
    return ""
  end
  return authorization
end

local function under(path, prefix)
  return path == prefix or path:sub(1, #prefix + 1) == prefix .. "/"
end

-- `.` and `..` as a segment, also percent-encoded or after a backslash: a way round the prefix.
local function has_dot_segment(path)
  local plain = path:gsub("%%2[eE]", "."):gsub("%%2[fF]", "/"):gsub("%%5[cC]", "/"):gsub("\\", "/") .. "/"
  return plain:find("/%.%.?/") ~= nil
end

local function sane_request_id(id)
  return id ~= nil and #id <= 128 and id:find("^%w[%w._:-]*$") ~= nil
end

local function new_request_id()
  return (("xxxxxxxx-xxxx-4xxx-8xxx-xxxxxxxxxxxx"):gsub("x", function()
    return ("%x"):format(math.random(0, 15))
  end))
end

local function api_key_of(authorization, apikey)
  for _, key in ipairs({ bearer_of(authorization) or "", apikey or "" }) do
    if key:find("^kontor_") then
      return key
    end
  end
end

local function decide(handle, path, apikey, authorization, request_id)
  if under(path, "/rest/v1") then
    local key = api_key_of(authorization, apikey)
    if key then
      local token, status, detail = exchange(handle, key, request_id)
      return token and "Bearer " .. token, status, detail
    end
    return authorize_keyed(handle, path, apikey, authorization)
  end
  if under(path, "/auth/v1") then
    return authorize_keyed(handle, path, apikey, authorization)
  end
  if under(path, "/functions/v1") then
    return authorize_functions(authorization)
  end
  if under(path, "/storage/v1/s3") then
    return false -- A signature says who calls; it covers what is there as it is.
  end
  return nil, 404, "There is nothing at this address."
end

function envoy_on_request(handle)
  local headers = handle:headers()
  local path = (headers:get(":path") or ""):match("^[^?]*")
  local request_id = headers:get("x-request-id")
  if not sane_request_id(request_id) then
    request_id = new_request_id()
    headers:replace("x-request-id", request_id)
  end
  if has_dot_segment(path) then
    return refuse(handle, 404, "There is nothing at this address.")
  end
  if not METHODS[headers:get(":method") or ""] then
    return refuse(handle, 405, "This method is not served here.")
  end
  local given, apikey = headers:get("authorization"), headers:get("apikey")
  local authorization, status, detail = decide(handle, path, apikey, given, request_id)
  if authorization == nil then
    return refuse(handle, status, detail)
  end
  local method = headers:get(":method")
  if under(path, "/rest/v1") and method ~= "GET" and method ~= "HEAD" and method ~= "OPTIONS" then
    local key = api_key_of(given, apikey)
    handle:streamInfo():dynamicMetadata():set(FILTER, "write", {
      method = method,
      path = path,
      authorization = key and "Bearer " .. key or authorization,
      tenant = headers:get("x-tenant-id"),
      agent = headers:get("user-agent"),
      request_id = request_id,
    })
  end
  for _, name in ipairs(CLAIMS_ABOUT_CLIENT) do
    headers:remove(name)
  end
  headers:remove("apikey")
  if authorization == "" then
    headers:remove("authorization")
  elseif authorization and authorization ~= given then
    headers:replace("authorization", authorization)
  end
end

-- A write that PostgREST refuses is rolled back, and with it all that could have been noted there: the
-- functions note it (POST /audit/refusals). Nobody waits for that.
function envoy_on_response(handle)
  if handle:headers():get(":status") ~= "403" then
    return
  end
  local write = (handle:streamInfo():dynamicMetadata():get(FILTER) or {})["write"]
  local body = write and handle:body()
  if not body or body:length() > 4000 then
    return
  end
  handle:httpCall("functions", {
    [":method"] = "POST",
    [":path"] = "/functions/v1/audit/refusals",
    [":authority"] = "functions",
    ["content-type"] = "application/json",
    ["authorization"] = write.authorization,
    ["apikey"] = SERVICE_ROLE_KEY,
    ["user-agent"] = write.agent,
    ["x-tenant-id"] = write.tenant,
    ["x-forwarded-for"] = address_of(handle),
    ["x-forwarded-prefix"] = "/rest/v1",
    ["x-request-id"] = write.request_id,
  }, ('{"method":"%s","path":"%s","answer":%s}'):format(
    write.method, write.path:gsub('[%c"\\]', ""), body:getBytes(0, body:length())), 5000, true)
end
