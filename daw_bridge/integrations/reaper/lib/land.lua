-- Puts clips into the project, and reads back whether they are there.

local map = require("map")

local land = {}

local HALF_SAMPLE = 0.5

local function track_name(proj, track)
  local number = math.floor(reaper.GetMediaTrackInfo_Value(track, "IP_TRACKNUMBER"))
  local _, name = reaper.GetSetMediaTrackInfo_String(track, "P_NAME", "", false)
  return name ~= "" and string.format('track %d "%s"', number, name) or "track " .. number
end

--- Why the place that was chosen is there no more; nil where it is.
local function gone(place)
  if not reaper.ValidatePtr2(place.proj, place.proj, "ReaProject*") then
    return "its project was closed"
  end
  if place.track and not reaper.ValidatePtr2(place.proj, place.track, "MediaTrack*") then
    return "its track was deleted"
  end
  if place.item and not reaper.ValidatePtr2(place.proj, place.item, "MediaItem*") then
    return "its item was deleted"
  end
  return nil
end

local function remember(take, name, value)
  reaper.GetSetMediaItemTakeInfo_String(take, "P_EXT:magnet_" .. name, tostring(value), true)
end

--- Stretch markers that carry each beat of a clip onto its beat in the project.
local function stretch(take, place, t0)
  local _, _, places = map.tempo(place.proj, place.qn0, place.qn1)
  for _, each in ipairs(places) do
    local there = (each.qn - place.qn0) * 60 / place.bpm
    reaper.SetTakeStretchMarker(take, -1, each.seconds - t0, there)
  end
  reaper.SetMediaItemTakeInfo_Value(take, "B_PPITCH", 1)
end

local function copy_stretch(from, to)
  for index = 0, reaper.GetTakeNumStretchMarkers(from) - 1 do
    local _, position, there = reaper.GetTakeStretchMarker(from, index)
    reaper.SetTakeStretchMarker(to, -1, position, there)
  end
  local keeps = reaper.GetMediaItemTakeInfo_Value(from, "B_PPITCH")
  reaper.SetMediaItemTakeInfo_Value(to, "B_PPITCH", keeps)
end

--- A clip's file as Reaper reads it; nil and why not, where that is not the clip.
local function open_clip(clip)
  if not reaper.file_exists(clip.file) then
    return nil, "its file is not there: " .. clip.file
  end
  local source = reaper.PCM_Source_CreateFromFile(clip.file)
  if not source then
    return nil, "Reaper cannot read " .. clip.file
  end
  local length, in_beats = reaper.GetMediaSourceLength(source)
  local rate = reaper.GetMediaSourceSampleRate(source)
  if in_beats or rate ~= clip.rate or math.abs(length * rate - clip.samples) > HALF_SAMPLE then
    return nil, "Reaper reads another length from " .. clip.file
  end
  return source
end

--- All clips as Reaper reads them, before anything in the project is touched.
local function open_all(clips)
  local sources = {}
  for index, clip in ipairs(clips) do
    local source, why = open_clip(clip)
    if not source then
      return nil, why
    end
    sources[index] = source
  end
  return sources
end

--- Adds one clip to an item as a take.
local function add_take(item, place, clip, source, name)
  local take = reaper.AddTakeToMediaItem(item)
  reaper.SetMediaItemTake_Source(take, source)
  reaper.GetSetMediaItemTakeInfo_String(take, "P_NAME", name, true)
  reaper.SetMediaItemTakeInfo_Value(take, "D_STARTOFFS", 0)
  reaper.SetMediaItemTakeInfo_Value(take, "D_PLAYRATE", 1)
  reaper.SetMediaItemTakeInfo_Value(take, "B_PPITCH", 0)
  remember(take, "clip", clip.id)
  remember(take, "beats", string.format("%.17g", place.beats or place.qn1 - place.qn0))
  reaper.PCM_Source_BuildPeaks(source, 0)
  return take
end

--- Whether an item holds the clips: asked of Reaper, not remembered.
local function holds(item, before, clips)
  if reaper.CountTakes(item) ~= before + #clips then
    return false
  end
  for index, clip in ipairs(clips) do
    local source = reaper.GetMediaItemTake_Source(reaper.GetTake(item, before + index - 1))
    if reaper.GetMediaSourceFileName(source) ~= clip.file then
      return false
    end
  end
  return true
end

local function misplaced(item, t0, t1)
  local position = reaper.GetMediaItemInfo_Value(item, "D_POSITION")
  local length = reaper.GetMediaItemInfo_Value(item, "D_LENGTH")
  if math.abs(position - t0) > 1e-9 or math.abs(position + length - t1) > 1e-9 then
    return string.format("Reaper put it at %.6f s instead of %.6f s", position, t0)
  end
  return nil
end

--- An empty item from bar line to bar line.
local function new_item(place, t0, t1)
  local item = reaper.AddMediaItemToTrack(place.track)
  for name, value in pairs({
    D_POSITION = t0,
    D_LENGTH = t1 - t0,
    B_LOOPSRC = 1,
    D_FADEINLEN = 0,
    D_FADEOUTLEN = 0,
    C_BEATATTACHMODE = 2, -- stays on its bar when the tempo changes, and is not stretched
  }) do
    reaper.SetMediaItemInfo_Value(item, name, value)
  end
  return item
end

local function take_name(place, clips, index)
  return #clips > 1 and string.format("%s · take %d", place.name, index) or place.name
end

--- All takes of a clip in one new item.
local function land_new(place, clips, sources)
  local rate = map.rate(place.proj)
  local t0 = map.on_sample(reaper.TimeMap2_QNToTime(place.proj, place.qn0), rate)
  local t1 = map.on_sample(reaper.TimeMap2_QNToTime(place.proj, place.qn1), rate)
  local bpm, steady = map.tempo(place.proj, place.qn0, place.qn1)
  local item = new_item(place, t0, t1)
  for index, clip in ipairs(clips) do
    local take = add_take(item, place, clip, sources[index], take_name(place, clips, index))
    if not steady or math.abs(bpm / place.bpm - 1) > 1e-7 then
      stretch(take, place, t0)
    end
  end
  reaper.SetActiveTake(reaper.GetTake(item, 0))
  local why = misplaced(item, t0, t1)
  if not why and not holds(item, 0, clips) then
    why = "Reaper shows another file in its place"
  end
  if why then
    reaper.DeleteTrackMediaItem(place.track, item)
    return nil, why
  end
  return item
end

--- Clips as further takes of an item that is there; the first of them is heard.
local function land_takes(place, clips, sources)
  local before = reaper.CountTakes(place.item)
  local like = place.like
  if like and not reaper.ValidatePtr2(place.proj, like, "MediaItem_Take*") then
    like = nil
  end
  for index, clip in ipairs(clips) do
    local name = take_name(place, clips, index)
    local take = add_take(place.item, place, clip, sources[index], name)
    if like then
      copy_stretch(like, take)
    end
  end
  reaper.SetActiveTake(reaper.GetTake(place.item, before))
  if not holds(place.item, before, clips) then
    return nil, "Reaper did not add the takes"
  end
  return place.item
end

--- Puts clips where they belong.
-- @param place from `look`
-- @param clips a list of {id, file, samples, rate}, the best first
-- @return where they are, in words; or nil and why they are not in the project
function land.land(place, clips)
  local why, sources = gone(place), nil
  if not why then
    sources, why = open_all(clips)
  end
  if why then
    return nil, why
  end
  reaper.Undo_BeginBlock2(place.proj)
  reaper.PreventUIRefresh(1)
  if not place.track then
    local index = reaper.CountTracks(place.proj)
    reaper.InsertTrackAtIndex(index, true)
    place.track = reaper.GetTrack(place.proj, index)
    reaper.GetSetMediaTrackInfo_String(place.track, "P_NAME", place.name, true)
  end
  local done, item
  done, item, why = pcall(place.item and land_takes or land_new, place, clips, sources)
  if not done then -- the undo block has to end all the same
    item, why = nil, tostring(item)
  end
  reaper.PreventUIRefresh(-1)
  reaper.UpdateArrange()
  reaper.Undo_EndBlock2(place.proj, "MAGNeT: " .. place.name, -1)
  if not item then
    return nil, why
  end
  local qn = place.qn0
  if not qn then
    qn = reaper.TimeMap2_timeToQN(place.proj, reaper.GetMediaItemInfo_Value(item, "D_POSITION"))
  end
  return string.format("%s, bar %d", track_name(place.proj, place.track), map.bar_number(place.proj, qn))
end

--- What landing has to wait for, in words; nil for nothing.
function land.must_wait(place)
  if reaper.GetPlayState() & 4 == 4 then -- an edit in the middle of a recording would split it
    return "waits until the recording stops"
  end
  local open = reaper.ValidatePtr2(place.proj, place.proj, "ReaProject*")
  if open and not place.track and reaper.EnumProjects(-1) ~= place.proj then
    return "waits until its project is in front" -- Reaper adds tracks there only
  end
  return nil
end

return land
