-- Boxes and texts of the window, and its colours.

local pen = {
  BACK = { 0.13, 0.14, 0.16 },
  PANEL = { 0.19, 0.20, 0.23 },
  LINE = { 0.32, 0.34, 0.38 },
  TEXT = { 0.88, 0.89, 0.90 },
  DIM = { 0.58, 0.60, 0.64 },
  BRIGHT = { 0.98, 0.72, 0.30 },
  GOOD = { 0.45, 0.80, 0.52 },
  BAD = { 0.95, 0.45, 0.40 },
}

function pen.color(c)
  gfx.set(c[1], c[2], c[3], 1)
end

function pen.box(x, y, w, h, fill, edge)
  pen.color(fill)
  gfx.rect(x, y, w, h, true)
  if edge then
    pen.color(edge)
    gfx.rect(x, y, w, h, false)
  end
end

--- Text that ends in … where it does not fit.
function pen.write(text, x, y, width, c)
  pen.color(c or pen.TEXT)
  if gfx.measurestr(text) > width then
    local n = utf8.len(text) or #text
    while n > 1 and gfx.measurestr(text .. "…") > width do
      n = n - 1
      text = text:sub(1, (utf8.offset(text, n + 1) or n + 1) - 1)
    end
    text = text .. "…"
  end
  gfx.x, gfx.y = x, y
  gfx.drawstr(text)
end

--- Words, those that are wider than a line (paths) in pieces.
local function words_of(text, width)
  local words = {}
  for word in text:gmatch("%S+") do
    while gfx.measurestr(word) > width do
      local n = utf8.len(word) or #word
      while n > 1 and gfx.measurestr(word:sub(1, utf8.offset(word, n + 1) - 1)) > width do
        n = n - 1
      end
      words[#words + 1] = word:sub(1, utf8.offset(word, n + 1) - 1)
      word = word:sub(utf8.offset(word, n + 1))
    end
    words[#words + 1] = word
  end
  return words
end

--- Text over as many lines as it needs; where the next line would begin.
function pen.write_all(text, x, y, width, c)
  width = math.max(width, 40) -- the window may be made as narrow as one likes
  local line = ""
  for _, word in ipairs(words_of(text, width)) do
    local longer = line == "" and word or line .. " " .. word
    if line ~= "" and gfx.measurestr(longer) > width then
      pen.write(line, x, y, width, c)
      line, y = word, y + 18
    else
      line = longer
    end
  end
  pen.write(line, x, y, width, c)
  return y + 18
end

return pen
