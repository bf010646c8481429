-- What is selected in the project, as orders for magnet-bridge; or a sentence that says what is missing.
--
-- An order is `ask` (what the bridge is told) and `place` (what is needed to land it).

local map = require("map")

local look = {}

local GLUE = "; glue the item first (Item: Glue items)"

local function words(settings)
  local ask = { prompt = settings.prompt, takes = settings.takes }
  if settings.seed >= 0 then
    ask.seed = settings.seed
  end
  return ask
end

--- The folder of the project's media; nil for a project that was never saved: its clips stay in the
--- library, which does not move.
local function media_folder(proj)
  local _, file = reaper.EnumProjects(-1)
  if not file or file == "" then
    return nil
  end
  return reaper.GetProjectPathEx(proj)
end

local function common(proj, settings, verb)
  local ask = words(settings)
  ask.verb, ask.media = verb, media_folder(proj)
  return ask
end

--- What the next `generate` would fill.
-- @return first bar and the bar after the last, as measures counted from 0
function look.bars(proj, settings)
  local from, to = reaper.GetSet_LoopTimeRange2(proj, false, false, 0, 0, false)
  if to <= from then
    local first = map.nearest_bar(proj, reaper.GetCursorPositionEx(proj))
    return first, first + settings.bars
  end
  local first = map.nearest_bar(proj, from)
  return first, math.max(first + 1, map.nearest_bar(proj, to))
end

--- The track that clips land on: the first selected one; nil for a new one.
function look.track(proj)
  return reaper.GetSelectedTrack(proj, 0)
end

local function name_of(settings)
  return settings.prompt ~= "" and settings.prompt or "MAGNeT"
end

--- Clips for the time selection, or for so many bars from the edit cursor: one for each stretch that
--- one clip can fill.
function look.generate(settings)
  if settings.prompt == "" then
    return nil, "Say what you want to hear, such as dusty breakbeat."
  end
  local proj = reaper.EnumProjects(-1)
  local orders = {}
  for _, piece in ipairs(map.pieces(proj, look.bars(proj, settings))) do
    local ask = common(proj, settings, "generate")
    ask.beats, ask.bpm, ask.meter = piece.qn1 - piece.qn0, piece.bpm, piece.meter
    ask.rate = math.floor(map.rate(proj) + 0.5)
    if settings.hint > 0 then
      ask.hint = settings.hint
    end
    orders[#orders + 1] = {
      ask = ask,
      place = {
        proj = proj,
        track = look.track(proj),
        qn0 = piece.qn0,
        qn1 = piece.qn1,
        bpm = piece.bpm,
        name = name_of(settings),
      },
    }
  end
  return orders
end

--- The selected item and what is in it.
local function selected(proj)
  local item = reaper.GetSelectedMediaItem(proj, 0)
  if not item then
    return nil, "Select an item first."
  end
  local take = reaper.GetActiveTake(item)
  if not take then
    return nil, "The selected item is empty: select one with audio."
  end
  if reaper.TakeIsMIDI(take) then
    return nil, "The selected item is MIDI: render it to audio first (Item: Apply track FX as new take)."
  end
  local source = reaper.GetMediaItemTake_Source(take)
  local parent = reaper.GetMediaSourceParent(source)
  if parent then -- a section, or a reversed source
    return nil, "The selected item shows a section of its media" .. GLUE .. "."
  end
  local path = reaper.GetMediaSourceFileName(source)
  if path == "" or not reaper.file_exists(path) then
    return nil, "The media of the selected item is offline or was moved: " .. path
  end
  local position = reaper.GetMediaItemInfo_Value(item, "D_POSITION")
  return {
    item = item,
    take = take,
    path = path,
    track = reaper.GetMediaItemTrack(item),
    position = position,
    length = reaper.GetMediaItemInfo_Value(item, "D_LENGTH"),
    offset = reaper.GetMediaItemTakeInfo_Value(take, "D_STARTOFFS"),
    rate = reaper.GetMediaItemTakeInfo_Value(take, "D_PLAYRATE"),
    loops = reaper.GetMediaItemInfo_Value(item, "B_LOOPSRC") == 1,
    source_seconds = reaper.GetMediaSourceLength(source),
    stretched = reaper.GetTakeNumStretchMarkers(take) > 0,
    qn = map.meant(reaper.TimeMap2_timeToQN(proj, position)),
  }
end

local function remembered(take, name)
  local found, text = reaper.GetSetMediaItemTakeInfo_String(take, "P_EXT:magnet_" .. name, "", false)
  return found and text ~= "" and text or nil
end

--- The clip of the library that the item shows from its beginning, as {id, beats}; nil for other audio.
local function clip_of(it)
  local id, beats = remembered(it.take, "clip"), tonumber(remembered(it.take, "beats"))
  local same = id and beats and it.path:find(id, 1, true)
  if not same or it.offset ~= 0 or it.rate ~= 1 then
    return nil
  end
  return { id = id, beats = beats }
end

--- What the item sounds like, as a part of its file.
local function cut_of(proj, it, ask)
  if it.rate ~= 1 or it.stretched then
    return nil, "The selected item plays at another speed than its media" .. GLUE .. "."
  end
  if not it.loops and it.offset + it.length > it.source_seconds + 0.001 then
    return nil, "The selected item is longer than its media" .. GLUE .. "."
  end
  local bpm, steady = map.tempo(proj, it.qn, reaper.TimeMap2_timeToQN(proj, it.position + it.length))
  if not steady then
    return nil, "The tempo changes within the selected item, which was not made for that: split it there."
  end
  local _, numerator, denominator = map.measure(proj, it.qn)
  ask.audio, ask.audio_from, ask.audio_seconds = it.path, it.offset, it.length
  ask.bpm, ask.meter = bpm, numerator .. "/" .. denominator
  return ask
end

--- Whether the item ends where its clip does: after one round of it, or several.
local function whole_rounds(proj, it, clip)
  local beats = reaper.TimeMap2_timeToQN(proj, it.position + it.length) - it.qn
  local rounds = beats / clip.beats
  return rounds > 0.5 and math.abs(rounds - math.floor(rounds + 0.5)) * clip.beats < 0.001
end

--- A clip that goes on where the selected item ends.
function look.continue(settings)
  local proj = reaper.EnumProjects(-1)
  local it, why = selected(proj)
  if not it then
    return nil, why
  end
  local ask = common(proj, settings, "continue")
  local clip = clip_of(it)
  if clip and whole_rounds(proj, it, clip) then
    ask.clip = clip.id
  else
    ask, why = cut_of(proj, it, ask)
    if not ask then
      return nil, why
    end
  end
  local qn0 = map.meant(reaper.TimeMap2_timeToQN(proj, it.position + it.length))
  local _, numerator, denominator = map.measure(proj, qn0)
  local qn1 = qn0 + settings.bars * numerator * 4 / denominator
  ask.beats = qn1 - qn0
  ask.meter = numerator .. "/" .. denominator
  ask.bpm = map.tempo(proj, qn0, qn1)
  ask.rate = math.floor(map.rate(proj) + 0.5)
  local name = settings.prompt ~= "" and settings.prompt or "continued"
  return { {
    ask = ask,
    place = { proj = proj, track = it.track, qn0 = qn0, qn1 = qn1, bpm = ask.bpm, name = name },
  } }
end

--- What `vary`, `infill` and `loop` have in common: new takes in the selected item.
local function anew(settings, verb)
  local proj = reaper.EnumProjects(-1)
  local it, why = selected(proj)
  if not it then
    return nil, why
  end
  if reaper.GetMediaItemInfo_Value(it.item, "C_LOCK") == 1 then
    return nil, "The selected item is locked: unlock it to give it another take."
  end
  local ask = common(proj, settings, verb)
  local clip = clip_of(it)
  if clip then
    ask.clip = clip.id
  else
    ask, why = cut_of(proj, it, ask)
    if not ask then
      return nil, why
    end
  end
  local beats = clip and clip.beats or reaper.TimeMap2_timeToQN(proj, it.position + it.length) - it.qn
  local place = {
    proj = proj,
    item = it.item,
    track = it.track,
    like = clip and it.take or nil,
    beats = beats,
    name = settings.prompt ~= "" and settings.prompt or verb,
  }
  return it, ask, place
end

--- The time selection inside the selected item, made anew.
function look.infill(settings)
  local it, ask, place = anew(settings, "infill")
  if not it then
    return nil, ask
  end
  local proj = place.proj
  local from, to = reaper.GetSet_LoopTimeRange2(proj, false, false, 0, 0, false)
  if to <= from then
    return nil, "Select the time inside the item that shall be made anew."
  end
  if from < it.position - 0.001 or to > it.position + it.length + 0.001 then
    return nil, "The time selection reaches beyond the selected item."
  end
  local first = map.meant(reaper.TimeMap2_timeToQN(proj, from) - it.qn)
  local last = map.meant(reaper.TimeMap2_timeToQN(proj, to) - it.qn)
  local round = math.floor((first + 0.001) / place.beats) * place.beats
  ask.from, ask.to = math.max(0, first - round), last - round
  if ask.to > place.beats + 0.001 then
    return nil, "The time selection reaches across the loop's seam: select within one round of it."
  end
  ask.to = math.min(ask.to, place.beats)
  return { { ask = ask, place = place } }
end

--- The selected item, near to what it is or far from it.
function look.vary(settings)
  local it, ask, place = anew(settings, "vary")
  if not it then
    return nil, ask
  end
  ask.amount = settings.amount
  return { { ask = ask, place = place } }
end

--- The selected item, its seam closed: what is around it is made anew.
function look.loop(settings)
  local it, ask, place = anew(settings, "loop")
  if not it then
    return nil, ask
  end
  return { { ask = ask, place = place } }
end

return look
