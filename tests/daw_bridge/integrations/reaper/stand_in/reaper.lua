-- Stands in for Reaper: the functions that the scripts call, with Reaper's own signatures, over a
-- project whose places are exact. Anything else is an error: a function or a name that it does not
-- know, an argument of another type, a pointer to what was deleted, a change outside an undo block,
-- a call that would keep Reaper's window waiting.

local model = require("model")
local signatures = require("signatures")

local world = {
  projects = {}, ext = {}, deferred = {}, at_exit = {}, commands = {}, answers = {}, actions = {},
  now = 1000, undo_depth = 0, ui_depth = 0, play_state = 0, arranging = false,
  device_rate = "48000", script = "", resources = "", arrange_updates = 0,
}
local api = {}

local function check(what, name, kind, value)
  local optional = kind:sub(-1) == "?"
  kind = optional and kind:sub(1, -2) or kind
  local fine = optional and value == nil
    or kind == "any"
    or kind == "num" and type(value) == "number"
    or kind == "int" and math.type(value) == "integer"
    or kind == "str" and type(value) == "string"
    or kind == "bool" and type(value) == "boolean"
    or kind == "fn" and type(value) == "function"
    or kind == "proj" and (value == nil or value == 0 or type(value) == "table" and value.kind == "ReaProject")
    or type(value) == "table" and value.kind == kind
  if not fine then
    error(string.format("%s: %s must be %s, not %s", name, what, kind, tostring(value)), 4)
  end
  if name ~= "ValidatePtr2" and type(value) == "table" and value.kind and not value.alive then
    error(string.format("%s: %s was deleted", name, kind), 4)
  end
end

local function strict(name, signature, body)
  local before, after = signature:match("^(.-)%s*>%s*(.-)$")
  local wanted, given_back = {}, {}
  for kind in before:gmatch("%S+") do
    wanted[#wanted + 1] = kind
  end
  for kind in after:gmatch("%S+") do
    given_back[#given_back + 1] = kind
  end
  local function leave(...)
    for index, kind in ipairs(given_back) do
      check("result " .. index, name, kind, (select(index, ...)))
    end
    assert(select("#", ...) <= #given_back, name .. " gives too much back")
    return ...
  end
  return function(...)
    if select("#", ...) > #wanted then
      error(name .. ": too many arguments", 2)
    end
    for index, kind in ipairs(wanted) do
      check("argument " .. index, name, kind, (select(index, ...)))
    end
    return leave(body(...))
  end
end

local function project_of(proj)
  return type(proj) == "table" and proj or world.projects[1]
end

local function changes(project)
  if world.undo_depth == 0 and not world.arranging then
    error("the project is changed outside an undo block", 3)
  end
  project.dirty = true
end

local function changed_item(item)
  changes(item.track.project)
end

-- Values and names

local function value_of(thing, name)
  local value = thing.values[name]
  if value == nil then
    error(thing.kind .. " has no value " .. name, 4)
  end
  return value
end

function api.GetMediaItemInfo_Value(item, name)
  return value_of(item, name)
end

function api.SetMediaItemInfo_Value(item, name, value)
  value_of(item, name)
  changed_item(item)
  item.values[name] = value
  return true
end

function api.GetMediaItemTakeInfo_Value(take, name)
  return value_of(take, name)
end

function api.SetMediaItemTakeInfo_Value(take, name, value)
  value_of(take, name)
  changed_item(take.item)
  take.values[name] = value
  return true
end

function api.GetMediaTrackInfo_Value(track, name)
  assert(name == "IP_TRACKNUMBER", "unknown: " .. name)
  for index, each in ipairs(track.project.tracks) do
    if each == track then
      return index + 0.0
    end
  end
end

function api.GetSetMediaTrackInfo_String(track, name, text, set)
  assert(name == "P_NAME", "unknown: " .. name)
  if set then
    changes(track.project)
    track.name = text
  end
  return true, track.name
end

function api.GetSetMediaItemTakeInfo_String(take, name, text, set)
  local own = name:match("^P_EXT:(.+)$")
  assert(own or name == "P_NAME", "unknown: " .. name)
  if set then
    changed_item(take.item)
    if own then
      take.ext[own] = text
    else
      take.name = text
    end
  end
  if own then
    return take.ext[own] ~= nil, take.ext[own] or ""
  end
  return true, take.name
end

function api.GetSetProjectInfo(proj, name, value, set)
  assert(not set, "the scripts change no project setting")
  local project = project_of(proj)
  if name == "PROJECT_SRATE_USE" then
    return project.rate and 1.0 or 0.0
  end
  assert(name == "PROJECT_SRATE", "unknown: " .. name)
  return (project.rate or 44100) + 0.0
end

-- Tracks, items, takes

local function alive(thing)
  return thing and thing.alive and thing or nil
end

function api.CountTracks(proj)
  return #project_of(proj).tracks
end

function api.GetTrack(proj, index)
  return project_of(proj).tracks[index + 1]
end

function api.InsertTrackAtIndex(index)
  local project = world.projects[1]
  assert(index == #project.tracks, "the stand-in adds tracks at the end only")
  changes(project)
  model.track(project, "")
end

function api.GetSelectedTrack(proj, index)
  assert(index == 0)
  return alive(project_of(proj).selected_track)
end

function api.GetSelectedMediaItem(proj, index)
  assert(index == 0)
  return alive(project_of(proj).selected_item)
end

function api.AddMediaItemToTrack(track)
  changes(track.project)
  return model.item(track)
end

function api.DeleteTrackMediaItem(track, item)
  changes(track.project)
  return item.track == track and model.delete(item)
end

function api.GetMediaItemTrack(item)
  return item.track
end

function api.AddTakeToMediaItem(item)
  changed_item(item)
  return model.take(item)
end

function api.CountTakes(item)
  return #item.takes
end

function api.GetTake(item, index)
  return item.takes[index + 1]
end

function api.GetActiveTake(item)
  return item.active
end

function api.SetActiveTake(take)
  changed_item(take.item)
  take.item.active = take
end

function api.TakeIsMIDI(take)
  return take.midi == true
end

function api.GetTakeNumStretchMarkers(take)
  return #take.stretch
end

function api.GetTakeStretchMarker(take, index)
  local marker = take.stretch[index + 1]
  return index, marker[1], marker[2]
end

function api.SetTakeStretchMarker(take, index, position, source)
  assert(index == -1, "the scripts only add stretch markers")
  changed_item(take.item)
  table.insert(take.stretch, { position, source or position })
  table.sort(take.stretch, function(one, other)
    return one[1] < other[1]
  end)
  return #take.stretch - 1
end

-- Media

function api.PCM_Source_CreateFromFile(path)
  return model.media(path)
end

function api.PCM_Source_BuildPeaks(_, mode)
  assert(mode == 0, "only the first call begins peaks; the rest would keep the window waiting")
  return 0
end

function api.GetMediaItemTake_Source(take)
  return take.source
end

function api.SetMediaItemTake_Source(take, source)
  changed_item(take.item)
  take.source = source
  return true
end

function api.GetMediaSourceFileName(source)
  return source.path
end

function api.GetMediaSourceLength(source)
  return source.n_samples / source.rate, false
end

function api.GetMediaSourceSampleRate(source)
  return source.rate
end

function api.GetMediaSourceParent(source)
  return source.parent
end

function api.file_exists(path)
  local file = io.open(path, "rb")
  if file then
    file:close()
  end
  return file ~= nil
end

-- Time

function api.TimeMap2_timeToQN(proj, seconds)
  return project_of(proj).tempo:qn(seconds) + 0.0
end

function api.TimeMap2_QNToTime(proj, qn)
  return project_of(proj).tempo:seconds(qn) + 0.0
end

function api.TimeMap2_timeToBeats(proj, seconds)
  local map = project_of(proj).tempo
  local qn = map:qn(seconds)
  local index = map:measure_at(qn)
  local measure = map:measure(index)
  return (qn - measure.qn) * measure.den / 4, index, measure.num, qn * measure.den / 4, measure.den
end

function api.TimeMap2_beatsToTime(proj, beats, index)
  local map = project_of(proj).tempo
  if not index then
    return map:seconds(beats) + 0.0
  end
  local measure = map:measure(index)
  return map:seconds(measure.qn + beats * 4 / measure.den) + 0.0
end

function api.TimeMap_GetMeasureInfo(proj, index)
  local map = project_of(proj).tempo
  local measure = map:measure(index)
  local seconds = map:seconds(measure.qn)
  return seconds + 0.0, measure.qn + 0.0, measure.end_qn + 0.0, measure.num, measure.den, map:bpm(seconds) + 0.0
end

function api.CountTempoTimeSigMarkers(proj)
  return #project_of(proj).tempo.markers
end

function api.GetTempoTimeSigMarker(proj, index)
  local map = project_of(proj).tempo
  local marker = map.markers[index + 1]
  local measure = map:measure_at(marker.qn)
  return true, marker.seconds + 0.0, measure, marker.qn - map:measure(measure).qn, marker.bpm + 0.0,
    marker.num or 0, marker.den or 0, marker.linear == true
end

function api.GetSet_LoopTimeRange2(proj, set, loop)
  assert(not set and not loop, "the scripts only read the time selection")
  local selection = project_of(proj).selection
  return selection[1] + 0.0, selection[2] + 0.0
end

function api.GetCursorPositionEx(proj)
  return project_of(proj).cursor + 0.0
end

function api.time_precise()
  return world.now + 0.0
end

function api.GetPlayState()
  return world.play_state
end

-- Reaper itself

function api.EnumProjects(index)
  assert(index == -1)
  return world.projects[1], world.projects[1].file
end

function api.GetProjectPathEx(proj)
  return project_of(proj).media
end

function api.GetResourcePath()
  return world.resources
end

function api.GetAppVersion()
  return "7.22/linux-x86_64"
end

function api.GetAudioDeviceInfo(name)
  assert(name == "SRATE", "unknown: " .. name)
  return world.device_rate ~= "", world.device_rate
end

function api.GetExtState(section, name)
  return world.ext[section .. "/" .. name] or ""
end

function api.SetExtState(section, name, value)
  world.ext[section .. "/" .. name] = value
end

function api.DeleteExtState(section, name)
  world.ext[section .. "/" .. name] = nil
end

function api.ValidatePtr2(proj, pointer, kind)
  assert(kind:sub(-1) == "*", "a pointer's kind ends in *")
  return type(pointer) == "table" and pointer.kind == kind:sub(1, -2) and pointer.alive
end

function api.Undo_BeginBlock2()
  world.undo_depth = world.undo_depth + 1
end

function api.Undo_EndBlock2(proj, text)
  world.undo_depth = world.undo_depth - 1
  assert(world.undo_depth == 0, "undo blocks are not closed")
  table.insert(project_of(proj).undo, text)
end

function api.PreventUIRefresh(count)
  world.ui_depth = world.ui_depth + count
end

function api.UpdateArrange()
  world.arrange_updates = world.arrange_updates + 1
end

function api.RecursiveCreateDirectory(path)
  return os.execute('mkdir -p "' .. path .. '"') and 1 or 0
end

function api.ExecProcess(command, timeout)
  assert(timeout == -2, "this would keep Reaper's window waiting, or open another")
  table.insert(world.commands, command)
  os.execute("exec " .. command .. " >/dev/null 2>&1 &")
  return ""
end

function api.GetUserInputs(_, n, captions, values)
  local fields, separator = 0, ","
  for caption in (captions .. ","):gmatch("([^,]*),") do
    fields = fields + 1
    local name, value = caption:match("^(%w+)=(.*)$")
    if fields > n then
      assert(name == "separator" or name == "extrawidth", "a caption too many: " .. caption)
      separator = name == "separator" and value or separator
    end
  end
  assert(fields >= n and n <= 16, "a caption for each field, and at most 16")
  local _, parted = values:gsub("%" .. separator, "")
  assert(parted == n - 1, "a value for each field")
  local answer = table.remove(world.answers, 1)
  if not answer then
    return false, values
  end
  return true, answer(values, separator)
end

function api.AddRemoveReaScript(add, section, path, commit)
  assert(add and section == 0 and api.file_exists(path), path)
  table.insert(world.actions, { path, commit })
  return 40000 + #world.actions
end

function api.get_action_context()
  return false, world.script, 0, 40001, 0, 0, 0.0, ""
end

function api.defer(step)
  table.insert(world.deferred, step)
  return true
end

function api.atexit(step)
  table.insert(world.at_exit, step)
  return true
end

reaper = setmetatable({}, {
  __index = function(_, name)
    error("Reaper has no function " .. tostring(name), 2)
  end,
  __newindex = function()
    error("nobody adds to Reaper's functions", 2)
  end,
})
for name, signature in pairs(signatures) do
  rawset(reaper, name, strict(name, signature, api[name]))
end
for name in pairs(api) do
  assert(signatures[name], name .. " has no signature")
end

return world
