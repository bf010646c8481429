-- What a test does with the stand-in: arranges a project, starts a script, waits, presses, reports.

local here = debug.getinfo(1, "S").source:match("^@(.*[/\\])")
package.path = here .. "?.lua;" .. package.path

local model = require("model")
local world = require("reaper")
local hand = require("gfx")

local STEP_SECONDS = 0.03 -- about Reaper's own rhythm of deferred scripts

local scenario = { world = world, hand = hand, model = model }

--- Opens a project in front of all others.
function scenario.project(given)
  local project = model.project(given)
  table.insert(world.projects, 1, project)
  return project
end

--- Does something to the project as the musician would, outside the scripts.
function scenario.arrange(act)
  world.arranging = true
  local result = act()
  world.arranging = false
  return result
end

--- An item with a file in it.
function scenario.item(track, position, length, path)
  return scenario.arrange(function()
    local item = reaper.AddMediaItemToTrack(track)
    reaper.SetMediaItemInfo_Value(item, "D_POSITION", position)
    reaper.SetMediaItemInfo_Value(item, "D_LENGTH", length)
    reaper.SetMediaItemTake_Source(reaper.AddTakeToMediaItem(item), model.media(path))
    return item
  end)
end

--- Starts a script as Reaper does. Each has modules of its own.
function scenario.start(name)
  world.script = scenario.scripts .. "/" .. name
  for _, module in ipairs({ "lines", "bridge", "map", "look", "land", "desk", "window", "say" }) do
    package.loaded[module] = nil
  end
  assert(loadfile(world.script))()
end

--- Runs what was deferred, once.
function scenario.step()
  world.now = world.now + STEP_SECONDS
  local now = world.deferred
  world.deferred = {}
  for _, step in ipairs(now) do
    step()
    assert(world.undo_depth == 0 and world.ui_depth == 0, "a step leaves a block open")
  end
  if #world.deferred == 0 and #now > 0 then -- no script goes on: Reaper ends them
    scenario.end_scripts()
  end
end

function scenario.end_scripts()
  world.deferred = {}
  local at_exit = world.at_exit
  world.at_exit = {}
  for _, act in ipairs(at_exit) do
    act()
  end
end

--- Lets Reaper run until something holds.
function scenario.wait(holds, seconds)
  local left = (seconds or 60) / STEP_SECONDS
  while not holds() do
    left = left - 1
    if left < 0 then
      error("waited in vain; last seen: " .. table.concat(scenario.texts(), " | "), 2)
    end
    os.execute("sleep " .. STEP_SECONDS)
    scenario.step()
  end
end

--- Everything that is written in the window.
function scenario.texts()
  local texts = {}
  for _, stroke in ipairs(hand.frame) do
    if stroke[1] == "text" then
      texts[#texts + 1] = stroke[5]
    end
  end
  return texts
end

--- Whether the window shows a text that holds these words.
function scenario.shows(words)
  for _, text in ipairs(scenario.texts()) do
    if text:find(words, 1, true) then
      return true
    end
  end
  return false
end

function scenario.wait_for(words, seconds)
  scenario.wait(function()
    return scenario.shows(words)
  end, seconds)
end

--- Types a text into the window.
function scenario.type(text)
  for _, code in utf8.codes(text) do
    table.insert(hand.keys, code < 256 and code or 0x75000000 + code)
  end
  scenario.step()
end

--- Clicks on a text of the window.
function scenario.click(words)
  for _, stroke in ipairs(hand.frame) do
    if stroke[1] == "text" and stroke[5]:find(words, 1, true) then
      gfx.mouse_x, gfx.mouse_y, gfx.mouse_cap = stroke[3] + 2, stroke[4] + 2, 1
      scenario.step()
      gfx.mouse_cap = 0
      scenario.step()
      return
    end
  end
  error("the window does not show " .. words)
end

--- Sets what the window remembers.
function scenario.set(values)
  for name, value in pairs(values) do
    world.ext["magnet-bridge/" .. name] = tostring(value)
  end
end

local function json(value)
  if type(value) == "table" then
    local parts = {}
    if #value > 0 or next(value) == nil then
      for _, each in ipairs(value) do
        parts[#parts + 1] = json(each)
      end
      return "[" .. table.concat(parts, ",") .. "]"
    end
    for name, each in pairs(value) do
      parts[#parts + 1] = json(tostring(name)) .. ":" .. json(each)
    end
    return "{" .. table.concat(parts, ",") .. "}"
  elseif type(value) == "string" then
    return '"' .. value:gsub('[%c"\\]', function(letter)
      return string.format("\\u%04x", letter:byte())
    end) .. '"'
  elseif math.type(value) == "float" then
    return string.format("%.17g", value)
  end
  return tostring(value)
end

--- Writes the project that is in front, and what is seen, to the test.
function scenario.report()
  local tracks = {}
  for _, track in ipairs(world.projects[1].tracks) do
    local items = {}
    for _, item in ipairs(track.items) do
      local takes, active = {}, 0
      for index, take in ipairs(item.takes) do
        active = take == item.active and index or active
        takes[index] = {
          name = take.name, values = take.values, ext = { clip = take.ext.magnet_clip or "" },
          path = take.source.path, rate = take.source.rate, n_samples = take.source.n_samples,
          stretch = take.stretch,
        }
      end
      items[#items + 1] = { values = item.values, takes = takes, active = active }
    end
    tracks[#tracks + 1] = { name = track.name, items = items }
  end
  print(json({
    tracks = tracks, texts = scenario.texts(), undo = world.projects[1].undo,
    commands = world.commands, frame = hand.frame, updates = world.arrange_updates, actions = world.actions,
  }))
end

return scenario
