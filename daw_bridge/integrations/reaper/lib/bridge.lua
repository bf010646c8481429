-- magnet-bridge beside Reaper. Reaper's Lua has no sockets, so a command is started in the background
-- and both sides write small files into one folder that belongs to this run of the script alone.

local lines = require("lines")

local bridge = {}
bridge.__index = bridge

local SECTION = "magnet-bridge"
local SIGN_SECONDS = 2 -- how often we show that we live
local LOOK_SECONDS = 0.1
local SILENT_SECONDS = 15 -- a bridge without a sign for so long is gone
local START_SECONDS = 60 -- Python from a cold disk

local function first_line(path)
  local file = io.open(path, "r")
  if not file then
    return nil
  end
  local line = file:read("l")
  file:close()
  return line and line:match("%S") and line:match("^%s*(.-)%s*$")
end

--- The command line that starts magnet-bridge: what the installer wrote beside the scripts, or what
--- the musician typed in once.
local function command_line(home)
  local typed = reaper.GetExtState(SECTION, "command")
  if typed ~= "" then
    return typed
  end
  return first_line(home .. "command.txt")
end

--- Keeps what the musician typed as the way to start magnet-bridge; empty forgets it.
function bridge.keep_command(text)
  reaper.SetExtState(SECTION, "command", text, true)
end

--- A bridge that is not started yet.
-- @param home the folder of the scripts, with a slash at its end
function bridge.new(home)
  local self = setmetatable({ home = home, state = "off", text = "" }, bridge)
  local stamp = string.format("%x-%x", os.time(), math.floor(reaper.time_precise() * 1e6) % 0xffffff)
  self.folder = reaper.GetResourcePath() .. "/magnet-bridge/session-" .. stamp
  self.n_orders, self.signs = 0, 0
  self.signed, self.looked, self.changed = -1e9, -1e9, -1e9
  return self
end

function bridge:path(name)
  return self.folder .. "/" .. name .. ".txt"
end

local function sign(self, now)
  self.signed = now
  self.signs = self.signs + 1
  return lines.write(self:path("host"), { sign = self.signs, host = "Reaper " .. reaper.GetAppVersion() })
end

--- Starts magnet-bridge in the background; false, with self.text, where that cannot be.
function bridge:start()
  if self:alive() then
    return true
  end
  local command = command_line(self.home)
  if not command then
    self.state = "failed"
    self.text = "Where is magnet-bridge? Run `magnet-bridge install reaper`, or give its path under More."
    return false
  end
  local now = reaper.time_precise()
  reaper.RecursiveCreateDirectory(self.folder, 0)
  if not sign(self, now) then
    self.state, self.text = "failed", "Cannot write to " .. self.folder
    return false
  end
  os.remove(self:path("bridge"))
  self.state, self.text = "starting", "starting magnet-bridge"
  self.sign, self.changed = nil, now
  -- -2: do not wait, and show no window. What it has to say it writes into the folder.
  reaper.ExecProcess(command .. ' reaper watch "' .. self.folder .. '"', -2)
  return true
end

function bridge:alive()
  return self.state == "starting" or self.state == "ready"
end

--- Shows that we live and looks whether it does; call it often.
function bridge:tick()
  if self.state == "off" then
    return
  end
  local now = reaper.time_precise()
  if now - self.signed >= SIGN_SECONDS then
    sign(self, now)
  end
  if now - self.looked < LOOK_SECONDS or not self:alive() then
    return
  end
  self.looked = now
  local told = lines.read(self:path("bridge"))
  if told and (told.sign or told.text) ~= self.sign then
    self.sign, self.changed = told.sign or told.text, now
    self.state, self.text = told.state, told.text or ""
  elseif not told and now - self.changed > START_SECONDS then
    self.state = "failed"
    self.text = "magnet-bridge did not start. In a terminal, `magnet-bridge doctor` says why."
  elseif told and told.state == "ready" and now - self.changed > SILENT_SECONDS then
    self.state, self.text = "ended", "magnet-bridge is gone; the next order starts another"
  end
end

--- Hands an order over; its id, or nil with self.text.
function bridge:ask(order)
  if not self:start() then
    return nil
  end
  self.n_orders = self.n_orders + 1
  local id = tostring(self.n_orders)
  if not lines.write(self:path("order-" .. id), order) then
    self.text = "Cannot write to " .. self.folder
    return nil
  end
  return id
end

--- What the bridge says about an order; nil as long as it says nothing.
function bridge:job(id)
  return lines.read(self:path("job-" .. id))
end

function bridge:cancel(id)
  return lines.write(self:path("cancel-" .. id), {})
end

--- Says where the clips of an order are now, or why not.
function bridge:landed(id, said)
  return lines.write(self:path("landed-" .. id), said)
end

--- Lets it end.
function bridge:bye()
  if self.state ~= "off" then
    lines.write(self:path("bye"), {})
  end
end

return bridge
