-- A project: tracks, items, takes, media, as far as the scripts can touch them. Pointers are tables
-- with a kind, and are dead once what they point to was deleted.

local tempo = require("tempo")

local model = {}

local ITEM = {
  D_POSITION = 0, D_LENGTH = 0, B_LOOPSRC = 1, D_FADEINLEN = 0.01, D_FADEOUTLEN = 0.01,
  C_BEATATTACHMODE = -1, C_LOCK = 0,
}
local TAKE = { D_STARTOFFS = 0, D_PLAYRATE = 1, B_PPITCH = 1 }
model.writable = { MediaItem = ITEM, MediaItem_Take = TAKE }

local function copy(values)
  local new = {}
  for name, value in pairs(values) do
    new[name] = value
  end
  return new
end

--- @param given rate (nil where the project follows the device), markers, file, media
function model.project(given)
  return {
    kind = "ReaProject",
    alive = true,
    rate = given.rate,
    tempo = tempo.new(given.markers),
    file = given.file or "",
    media = given.media or "",
    tracks = {},
    selection = { 0, 0 },
    cursor = 0,
    undo = {},
  }
end

function model.track(project, name)
  local track = { kind = "MediaTrack", alive = true, project = project, name = name, items = {} }
  project.tracks[#project.tracks + 1] = track
  return track
end

function model.item(track)
  local item = { kind = "MediaItem", alive = true, track = track, values = copy(ITEM), takes = {} }
  track.items[#track.items + 1] = item
  return item
end

function model.take(item)
  local take =
    { kind = "MediaItem_Take", alive = true, item = item, name = "", values = copy(TAKE), ext = {}, stretch = {} }
  item.takes[#item.takes + 1] = take
  item.active = item.active or take
  return take
end

local function kill(thing)
  thing.alive = false
  for _, list in ipairs({ thing.items or {}, thing.takes or {} }) do
    for _, each in ipairs(list) do
      kill(each)
    end
  end
end

--- Takes a track or an item away.
function model.delete(thing)
  local list = thing.kind == "MediaTrack" and thing.project.tracks or thing.track.items
  for index, each in ipairs(list) do
    if each == thing then
      table.remove(list, index)
      kill(thing)
      return true
    end
  end
  return false
end

--- A file as media: its rate and length as its own header says; nil where it is no WAV.
function model.media(path)
  local file = io.open(path, "rb")
  if not file then
    return nil
  end
  local content = file:read("a")
  file:close()
  if content:sub(1, 4) ~= "RIFF" or content:sub(9, 12) ~= "WAVE" then
    return nil
  end
  local at, rate, frame, bytes = 13, nil, nil, nil
  while at + 8 <= #content + 1 do
    local name, size = string.unpack("<c4I4", content, at)
    if name == "fmt " then
      rate, frame = string.unpack("<I4", content, at + 12), string.unpack("<I2", content, at + 20)
    elseif name == "data" then
      bytes = size
    end
    at = at + 8 + size + size % 2
  end
  return { kind = "PCM_source", alive = true, path = path, rate = rate, n_samples = bytes // frame }
end

return model
