-- MAGNeT: type a sound, get a loop in the track, on the bar.
-- The window of magnet-bridge for Reaper 6 and 7; no extension is needed.

local _, script = reaper.get_action_context()
local home = script:match("^(.*[/\\])")
package.path = home .. "lib/?.lua;" .. package.path

local SECTION = "magnet-bridge"
local ALIVE_SECONDS = 1

--- Makes the other scripts known to Reaper as actions, once.
local function register()
  if reaper.GetExtState(SECTION, "registered") == home then
    return
  end
  local verbs = { "generate", "vary", "infill", "continue", "loop", "cancel" }
  for index, verb in ipairs(verbs) do
    reaper.AddRemoveReaScript(true, 0, home .. "MAGNeT - " .. verb .. ".lua", index == #verbs)
  end
  reaper.SetExtState(SECTION, "registered", home, true)
end

local bridge = require("bridge").new(home)
local desk = require("desk").new(bridge)
local window = require("window")
local view = window.new(desk, window.settings())
local shown = -1e9

--- What the other scripts want: each leaves a word for the window that is open.
local function orders_of_other_scripts()
  local verb = reaper.GetExtState(SECTION, "do")
  if verb == "" then
    return
  end
  reaper.DeleteExtState(SECTION, "do", false)
  if verb == "cancel" then
    view:cancel()
  else
    view:ask(verb)
  end
end

local function step()
  local now = reaper.time_precise()
  if now - shown > ALIVE_SECONDS then
    shown = now
    reaper.SetExtState(SECTION, "alive", string.format("%.3f", now), false)
  end
  orders_of_other_scripts()
  desk:tick()
  view:mouse()
  local char = gfx.getchar()
  while char > 0 do
    if not view:key(char) then
      return
    end
    char = gfx.getchar()
  end
  if char < 0 then -- the window was closed
    return
  end
  view:draw()
  reaper.defer(step)
end

reaper.atexit(function()
  reaper.DeleteExtState(SECTION, "alive", false)
  bridge:bye()
  view:close()
end)
register()
step()
