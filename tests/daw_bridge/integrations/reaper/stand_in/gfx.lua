-- Stands in for Reaper's gfx: keeps the last picture as a list of strokes, and gives what a test types
-- and clicks. What is not here is an error, as for `reaper`.

local hand = { keys = {}, frame = {}, drawing = {}, open = false, widths = {} }
local state = { x = 0, y = 0, w = 0, h = 0, mouse_x = 0, mouse_y = 0, mouse_cap = 0, mouse_wheel = 0 }
local color = { 1, 1, 1 }

local function stroke(kind, ...)
  table.insert(hand.drawing, { kind, color, ... })
end

local draw = {}

function draw.init(_, width, height, dock)
  assert(type(dock) == "number")
  state.w, state.h, hand.open = width, height, true
  return 1.0
end

function draw.quit()
  hand.open = false
end

function draw.dock(query)
  assert(query == -1)
  return 0.0
end

function draw.setfont(index, face, size)
  assert(math.type(index) == "integer" and type(face) == "string" and type(size) == "number")
end

function draw.set(r, g, b, a)
  assert(r >= 0 and r <= 1 and g >= 0 and g <= 1 and b >= 0 and b <= 1 and a == 1)
  color = { r, g, b }
end

function draw.rect(x, y, w, h, filled)
  stroke(filled and "fill" or "frame", x, y, w, h)
end

function draw.line(x, y, x2, y2)
  stroke("line", x, y, x2, y2)
end

function draw.drawstr(text)
  stroke("text", state.x, state.y, text)
end

function draw.measurestr(text)
  local width = 0
  for _, code in utf8.codes(text) do
    width = width + (hand.widths[code] or 7.5)
  end
  return width, 15
end

function draw.update()
  hand.frame, hand.drawing = hand.drawing, {}
end

function draw.getchar()
  if not hand.open then
    return -1
  end
  return table.remove(hand.keys, 1) or 0
end

gfx = setmetatable({}, {
  __index = function(_, name)
    local found = draw[name] or state[name]
    if found == nil then
      error("gfx has no " .. tostring(name), 2)
    end
    return found
  end,
  __newindex = function(_, name, value)
    if state[name] == nil or type(value) ~= "number" then
      error("gfx has no variable " .. tostring(name), 2)
    end
    state[name] = value
  end,
})

return hand
