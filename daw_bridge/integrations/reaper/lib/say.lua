-- Hands a word to the MAGNeT window, or opens one that finds it.

local SECTION = "magnet-bridge"
local PATIENCE_SECONDS = 3

return function(verb, script)
  local shown = tonumber(reaper.GetExtState(SECTION, "alive"))
  local open = shown and math.abs(reaper.time_precise() - shown) < PATIENCE_SECONDS
  if not open and verb == "cancel" then
    return -- orders end with their window
  end
  reaper.SetExtState(SECTION, "do", verb, false)
  if not open then
    dofile(script:match("^(.*[/\\])") .. "MAGNeT.lua")
  end
end
