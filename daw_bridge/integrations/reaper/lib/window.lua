-- The window: prompt, settings, buttons, and how far everything is. Drawn with Reaper's own gfx.

local desk_states = require("desk").OPEN
local look = require("look")
local map = require("map")
local pen = require("pen")

local window = {}
window.__index = window

local SECTION = "magnet-bridge"
local WIDTH, HEIGHT = 560, 340
local EDGE = 12
local LOOK_SECONDS = 0.2
local BACK, PANEL, LINE = pen.BACK, pen.PANEL, pen.LINE
local TEXT, DIM, BRIGHT, GOOD, BAD = pen.TEXT, pen.DIM, pen.BRIGHT, pen.GOOD, pen.BAD
local box, write, write_all = pen.box, pen.write, pen.write_all

-- Names of the settings with what they begin with, their steps and their ranges.
local NUMBERS = {
  { name = "bars", label = "bars", default = 4, step = 1, low = 1, high = 64 },
  { name = "takes", label = "takes", default = 1, step = 1, low = 1, high = 8 },
  { name = "amount", label = "vary", default = 0.5, step = 0.05, low = 0, high = 1 },
  { name = "hint", label = "hint beats", default = 0, step = 1, low = 0, high = 64 },
  { name = "seed", label = "seed", default = -1, step = 1, low = -1, high = 2147483647 },
}
local VERBS = {
  { verb = "generate", label = "Generate" },
  { verb = "vary", label = "Vary" },
  { verb = "infill", label = "Infill" },
  { verb = "continue", label = "Continue" },
  { verb = "loop", label = "Loop" },
}

--- What the musician set last time.
function window.settings()
  local settings = { prompt = reaper.GetExtState(SECTION, "prompt") }
  for _, number in ipairs(NUMBERS) do
    local kept = tonumber(reaper.GetExtState(SECTION, number.name))
    settings[number.name] = window.within(number, kept or number.default)
  end
  return settings
end

--- A number within its range, whole where its steps are.
function window.within(number, value)
  value = math.max(number.low, math.min(number.high, value))
  if number.step >= 1 then
    return math.floor(value + 0.5)
  end
  return math.floor(value / number.step + 0.5) * number.step
end

local function keep(settings)
  for name, value in pairs(settings) do
    reaper.SetExtState(SECTION, name, tostring(value), true)
  end
end

--- @param desk from `desk`
-- @param settings from `window.settings`
function window.new(desk, settings)
  local self = setmetatable({ desk = desk, settings = settings, places = {} }, window)
  self.caret, self.where, self.looked, self.was_down = utf8.len(settings.prompt) or 0, "", -1e9, false
  gfx.init("MAGNeT", WIDTH, HEIGHT, tonumber(reaper.GetExtState(SECTION, "dock")) or 0)
  gfx.setfont(1, "Arial", 15)
  return self
end

--- A place that can be clicked or turned with the wheel.
function window:button(x, y, w, h, act, wheel)
  self.places[#self.places + 1] = { x = x, y = y, w = w, h = h, act = act, wheel = wheel }
end

local function number_text(number, value)
  if number.name == "seed" and value < 0 then
    return "new"
  elseif number.name == "hint" and value == 0 then
    return "off"
  end
  return number.step < 1 and string.format("%.2f", value) or string.format("%d", value)
end

--- Where the next clip goes, in words.
local function describe(settings)
  local proj = reaper.EnumProjects(-1)
  local first, after = look.bars(proj, settings)
  local pieces = map.pieces(proj, first, after)
  local track = look.track(proj)
  local goal = "a new track"
  if track then
    local _, name = reaper.GetSetMediaTrackInfo_String(track, "P_NAME", "", false)
    local number = math.floor(reaper.GetMediaTrackInfo_Value(track, "IP_TRACKNUMBER"))
    goal = name ~= "" and string.format("track %d “%s”", number, name) or "track " .. number
  end
  local n_bars = after - first
  local bars = n_bars == 1 and "bar " .. first + 1 or string.format("bars %d–%d", first + 1, after)
  local tempo = string.format("%s at %.5g BPM", pieces[1].meter, pieces[1].bpm)
  if not pieces[1].steady then
    tempo = string.format("%s around %.5g BPM, stretched to the tempo map", pieces[1].meter, pieces[1].bpm)
  end
  local clips = #pieces > 1 and string.format(", in %d clips", #pieces) or ""
  return string.format("%s, %s%s  →  %s", bars, tempo, clips, goal)
end

function window:draw_prompt()
  local w = gfx.w - 2 * EDGE
  box(EDGE, EDGE, w, 28, PANEL, LINE)
  local prompt = self.settings.prompt
  if prompt == "" then
    write("what do you want to hear? dusty breakbeat …", EDGE + 8, EDGE + 6, w - 16, DIM)
  else
    write(prompt, EDGE + 8, EDGE + 6, w - 16)
  end
  local before = prompt:sub(1, (utf8.offset(prompt, self.caret + 1) or #prompt + 1) - 1)
  local x = EDGE + 8 + gfx.measurestr(before)
  if x < gfx.w - EDGE - 4 then
    pen.color(BRIGHT)
    gfx.line(x, EDGE + 6, x, EDGE + 22)
  end
end

function window:draw_numbers(y)
  local x = EDGE
  for _, number in ipairs(NUMBERS) do
    local text = number.label .. "  "
    local value = number_text(number, self.settings[number.name])
    local w = gfx.measurestr(text .. value) + 18
    box(x, y, w, 24, PANEL, LINE)
    write(text, x + 8, y + 4, w, DIM)
    write(value, x + 8 + gfx.measurestr(text), y + 4, w)
    self:button(x, y, w, 24, function()
      self:ask_numbers()
    end, function(turns)
      self:set(number, self.settings[number.name] + turns * number.step)
    end)
    x = x + w + 6
  end
end

function window:draw_verbs(y)
  local x = EDGE
  for index, each in ipairs(VERBS) do
    local w = gfx.measurestr(each.label) + 28
    box(x, y, w, 30, index == 1 and BRIGHT or PANEL, LINE)
    write(each.label, x + 14, y + 7, w, index == 1 and BACK or TEXT)
    self:button(x, y, w, 30, function()
      self:ask(each.verb)
    end)
    x = x + w + 8
  end
  for _, each in ipairs({ { "Cancel", self.cancel }, { "More", self.ask_numbers } }) do
    local w = gfx.measurestr(each[1]) + 20
    write(each[1], x + 10, y + 7, w, DIM)
    self:button(x, y, w, 30, function()
      each[2](self)
    end)
    x = x + w
  end
end

local function job_line(job)
  if job.state == "rendering" then
    local eta = job.eta and job.eta > 0 and string.format(", %.1f s", job.eta) or ""
    return string.format("%d %%%s", math.floor(job.fraction * 100), eta), TEXT
  elseif job.state == "done" then
    return "✓ " .. job.text, GOOD
  elseif job.state == "landed" then
    return job.text, TEXT
  elseif job.state == "failed" then
    return "failed", BAD
  elseif job.state == "kept" then
    return "not in the project", BAD
  end
  return job.text ~= "" and job.text or job.state, DIM
end

function window:draw_jobs(y)
  for _, job in ipairs(self.desk.jobs) do
    if y + 40 > gfx.h - 24 then
      return
    end
    write(job.verb .. "  " .. job.name, EDGE, y, gfx.w * 0.42 - EDGE)
    local text, c = job_line(job)
    local x = gfx.w * 0.44
    write(text, x, y, gfx.w - x - EDGE - 24, c)
    local open = desk_states[job.state]
    local share = open and job.fraction or (job.state == "done" or job.state == "landed") and 1 or 0
    box(EDGE, y + 20, gfx.w - 2 * EDGE, 4, PANEL)
    box(EDGE, y + 20, math.floor((gfx.w - 2 * EDGE) * share + 0.5), 4, open and BRIGHT or GOOD)
    if open then
      write("×", gfx.w - EDGE - 12, y, 14, DIM)
      self:button(gfx.w - EDGE - 18, y, 20, 18, function()
        self.desk:cancel(job)
      end)
    end
    y = y + 30
    local trouble = job.state == "failed" or job.state == "kept"
    if trouble or job.note then
      y = write_all(trouble and job.text or job.note, EDGE, y, gfx.w - 2 * EDGE, trouble and BAD or DIM) + 4
    end
  end
end

local function state_line(desk)
  local bridge = desk.bridge
  if desk.message ~= "" then
    return desk.message, BAD
  elseif bridge.state == "failed" then
    return bridge.text, BAD
  elseif bridge.state == "ready" then
    return "connected", DIM
  elseif bridge.text ~= "" then
    return bridge.text, DIM
  end
  return "magnet-bridge starts with the first order", DIM
end

function window:draw()
  self.places = {}
  box(0, 0, gfx.w, gfx.h, BACK)
  self:draw_prompt()
  local now = reaper.time_precise()
  if now - self.looked > LOOK_SECONDS then
    self.looked, self.where = now, describe(self.settings)
  end
  write(self.where, EDGE, 48, gfx.w - 2 * EDGE, DIM)
  self:draw_numbers(72)
  self:draw_verbs(106)
  self:draw_jobs(150)
  local text, c = state_line(self.desk)
  local lines = math.ceil(gfx.measurestr(text) / math.max(40, gfx.w - 4 * EDGE))
  box(0, gfx.h - 8 - 18 * lines, gfx.w, 8 + 18 * lines, BACK)
  write_all(text, EDGE, gfx.h - 4 - 18 * lines, gfx.w - 2 * EDGE, c)
  gfx.update()
end

function window:set(number, value)
  self.settings[number.name] = window.within(number, value)
  keep(self.settings)
end

function window:ask(verb)
  keep(self.settings)
  self.desk:ask(verb, self.settings)
end

function window:cancel()
  self.desk:cancel()
end

--- All settings in Reaper's own dialog, which screen readers read too.
function window:ask_numbers()
  local captions, values = { "prompt" }, { self.settings.prompt }
  for _, number in ipairs(NUMBERS) do
    captions[#captions + 1] = number.label
    values[#values + 1] = string.format("%.10g", self.settings[number.name])
  end
  captions[#captions + 1] = "magnet-bridge command"
  values[#values + 1] = reaper.GetExtState(SECTION, "command")
  local n = #values
  for index, value in ipairs(values) do
    values[index] = value:gsub("|", " ") -- parts the answers: prompts have commas
  end
  captions[#captions + 1] = "separator=|"
  captions[#captions + 1] = "extrawidth=220"
  local given, text =
    reaper.GetUserInputs("MAGNeT", n, table.concat(captions, ","), table.concat(values, "|"))
  if not given then
    return
  end
  local answers = {}
  for answer in (text .. "|"):gmatch("([^|]*)|") do
    answers[#answers + 1] = answer
  end
  self.settings.prompt = answers[1]
  self.caret = utf8.len(answers[1]) or 0
  for index, number in ipairs(NUMBERS) do
    self:set(number, tonumber(answers[index + 1]) or self.settings[number.name])
  end
  self.desk.bridge.keep_command(answers[n] or "")
end

--- A key: text goes into the prompt, Enter generates.
-- @return whether the window stays open
function window:key(char)
  local before, prompt = self.caret, self.settings.prompt
  if char == 27 then
    return false
  elseif char == 13 then
    self:ask("generate")
  elseif char == 8 then
    self:replace(before - 1, before, "")
  elseif char == 0x64656C then -- del
    self:replace(before, before + 1, "")
  elseif char == 0x6C656674 then -- left
    self.caret = math.max(0, before - 1)
  elseif char == 0x72676874 then -- rght
    self.caret = math.min(utf8.len(prompt) or 0, before + 1)
  elseif char == 0x686F6D65 then -- home
    self.caret = 0
  elseif char == 0x656E64 then -- end
    self.caret = utf8.len(prompt) or 0
  elseif char >> 24 == 0x75 then -- u and a code point
    self:replace(before, before, utf8.char(char & 0xFFFFFF))
  elseif char >= 32 and char < 127 or char >= 160 and char < 256 then
    self:replace(before, before, utf8.char(char))
  end
  return true
end

--- Replaces the characters between two places of the prompt.
function window:replace(from, to, text)
  local prompt = self.settings.prompt
  local n = utf8.len(prompt) or 0
  from, to = math.max(0, from), math.min(n, to)
  local head = prompt:sub(1, utf8.offset(prompt, from + 1) - 1)
  local tail = prompt:sub(utf8.offset(prompt, to + 1))
  self.settings.prompt = head .. text .. tail
  self.caret = from + (utf8.len(text) or 0)
end

--- What the mouse did since the last look.
function window:mouse()
  local down = gfx.mouse_cap & 1 == 1
  local pressed, turns = down and not self.was_down, gfx.mouse_wheel / 120
  self.was_down, gfx.mouse_wheel = down, 0
  if not pressed and turns == 0 then
    return
  end
  for _, place in ipairs(self.places) do
    local inside_x = gfx.mouse_x >= place.x and gfx.mouse_x < place.x + place.w
    if inside_x and gfx.mouse_y >= place.y and gfx.mouse_y < place.y + place.h then
      if pressed then
        place.act()
      elseif place.wheel then
        place.wheel(turns > 0 and 1 or -1)
      end
      return
    end
  end
end

--- Keeps what was set, for the next time.
function window:close()
  keep(self.settings)
  reaper.SetExtState(SECTION, "dock", tostring(gfx.dock(-1)), true)
  gfx.quit()
end

return window
