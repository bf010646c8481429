-- Reaper's tempo map: bars, and stretches of it that one clip can fill.
--
-- A beat is a quarter note (QN) throughout. A clip has one tempo; where the map's changes within it,
-- stretch markers carry each beat of the clip onto its beat in the project.

local map = {}

-- A clip is stretched by at most this; where the tempo strays further, another clip begins.
local STRAY = 0.12
local NEAR_QN = 1e-6
-- An item lies on a sample, which may be beside its beat by as much; far less than anybody plays.
local SAMPLE_QN = 0.001
local TICKS = 960

--- The project's sample rate: its own, or that of the sound device where it follows it.
function map.rate(proj)
  if reaper.GetSetProjectInfo(proj, "PROJECT_SRATE_USE", 0, false) == 1 then
    return reaper.GetSetProjectInfo(proj, "PROJECT_SRATE", 0, false)
  end
  local known, text = reaper.GetAudioDeviceInfo("SRATE")
  local rate = known and tonumber(text)
  return rate and rate > 0 and rate or reaper.GetSetProjectInfo(proj, "PROJECT_SRATE", 0, false)
end

--- The instant of the project's nearest sample.
function map.on_sample(seconds, rate)
  return math.floor(seconds * rate + 0.5) / rate
end

--- The bar line nearest to a time, as a measure counted from 0.
function map.nearest_bar(proj, seconds)
  local _, measure = reaper.TimeMap2_timeToBeats(proj, seconds)
  local this = reaper.TimeMap2_beatsToTime(proj, 0, measure)
  local next = reaper.TimeMap2_beatsToTime(proj, 0, measure + 1)
  return seconds - this <= next - seconds and measure or measure + 1
end

--- The bar that a beat lies in, counted from 1, as Reaper's ruler shows it.
function map.bar_number(proj, qn)
  return map.measure(proj, qn) + 1
end

--- The measure that begins at a beat or holds it, counted from 0, and its meter.
function map.measure(proj, qn)
  local seconds = reaper.TimeMap2_QNToTime(proj, qn + SAMPLE_QN)
  local _, measure = reaper.TimeMap2_timeToBeats(proj, seconds)
  local _, _, _, numerator, denominator = reaper.TimeMap_GetMeasureInfo(proj, measure)
  return measure, numerator, denominator
end

--- The beat that is meant where a sample lies beside it.
function map.meant(qn)
  local tick = math.floor(qn * TICKS + 0.5) / TICKS
  return math.abs(tick - qn) < SAMPLE_QN / 2 and tick or qn
end

--- Where the tempo may change between two beats: every beat, every tempo marker, and `more`.
local function places(proj, qn0, qn1, more)
  local found = { qn1 }
  local qn = qn0
  while qn < qn1 - NEAR_QN do
    found[#found + 1] = qn
    qn = qn + 1
  end
  for index = 0, reaper.CountTempoTimeSigMarkers(proj) - 1 do
    local _, seconds = reaper.GetTempoTimeSigMarker(proj, index)
    found[#found + 1] = reaper.TimeMap2_timeToQN(proj, seconds)
  end
  for _, place in ipairs(more or {}) do
    found[#found + 1] = place
  end
  table.sort(found)
  local kept = {}
  for _, place in ipairs(found) do
    local inside = place >= qn0 - NEAR_QN and place <= qn1 + NEAR_QN
    if inside and (#kept == 0 or place - kept[#kept].qn > NEAR_QN) then
      kept[#kept + 1] = { qn = place, seconds = reaper.TimeMap2_QNToTime(proj, place) }
    end
  end
  return kept
end

local function bpm_between(one, other)
  return (other.qn - one.qn) * 60 / (other.seconds - one.seconds)
end

--- The tempo between two beats.
-- @return the one tempo of a clip that fills them, in BPM; whether the map holds it throughout; and
--   the places in between, each with `qn` and `seconds`
function map.tempo(proj, qn0, qn1)
  local found = places(proj, qn0, qn1)
  local bpm = bpm_between(found[1], found[#found])
  local steady = true
  for index = 2, #found do
    if math.abs(bpm_between(found[index - 1], found[index]) / bpm - 1) > 1e-7 then
      steady = false
    end
  end
  return math.floor(bpm * 1e9 + 0.5) / 1e9, steady, found -- 128.5, not 128.50000000000003
end

--- The stretches between two bar lines that one clip each can fill.
-- @return a list of {qn0, qn1, bpm, steady, meter}
function map.pieces(proj, first_bar, end_bar)
  local bars, lines, ends = {}, {}, nil
  for measure = first_bar, end_bar - 1 do
    local _, qn_start, qn_end, numerator, denominator = reaper.TimeMap_GetMeasureInfo(proj, measure)
    bars[#bars + 1] = { qn = qn_start, meter = numerator .. "/" .. denominator }
    lines[#lines + 1], ends = qn_start, qn_end
  end
  local found = places(proj, lines[1], ends, lines)
  local pieces, piece, bar = {}, nil, 0
  for index = 1, #found - 1 do
    local here, bpm = found[index], bpm_between(found[index], found[index + 1])
    while bars[bar + 1] and bars[bar + 1].qn <= here.qn + NEAR_QN do
      bar = bar + 1
    end
    local meter = bars[bar].meter
    if not piece or piece.meter ~= meter or math.abs(bpm / piece.first_bpm - 1) > STRAY then
      piece = { qn0 = here.qn, meter = meter, first_bpm = bpm }
      pieces[#pieces + 1] = piece
    end
    piece.qn1 = found[index + 1].qn
  end
  for _, each in ipairs(pieces) do
    each.bpm, each.steady = map.tempo(proj, each.qn0, each.qn1)
  end
  return pieces
end

return map
