-- Files of names and texts, one a line, shared with the bridge. Each is written whole under another
-- name first, so that nobody ever reads half of one.

local lines = {}

local HEADER, END = "magnet-bridge 1", "end"

local function text_of(value)
  if math.type(value) == "float" then
    return string.format("%.17g", value)
  end
  local text = tostring(value):gsub("\\", "\\\\"):gsub("\r", ""):gsub("\n", "\\n")
  return text
end

--- Writes a table of values to a file, whole or not at all; true where it is there.
function lines.write(path, values)
  local names = {}
  for name in pairs(values) do
    names[#names + 1] = name
  end
  table.sort(names)
  local rows = { HEADER }
  for _, name in ipairs(names) do
    rows[#rows + 1] = name .. " " .. text_of(values[name])
  end
  rows[#rows + 1] = END
  local part = path .. ".part"
  local file = io.open(part, "wb")
  if not file then
    return false
  end
  local written = file:write(table.concat(rows, "\n"), "\n")
  file:close()
  if not written then
    os.remove(part)
    return false
  end
  if os.rename(part, path) then
    return true
  end
  os.remove(path) -- Windows renames to no name that is taken
  return os.rename(part, path) and true or false
end

--- The values of a file; nil where it is not there, or not whole.
function lines.read(path)
  local file = io.open(path, "rb")
  if not file then
    return nil
  end
  local content = file:read("a")
  file:close()
  local values, whole, first = {}, false, true
  for line in content:gsub("\r\n", "\n"):gmatch("([^\n]*)\n") do
    if first then
      if line ~= HEADER then
        return nil
      end
      first = false
    elseif line == END then
      whole = true
      break
    else
      local name, text = line:match("^([a-z][a-z0-9_]*) (.*)$")
      if name then
        values[name] = text:gsub("\\(.)", function(letter)
          return letter == "n" and "\n" or letter
        end)
      end
    end
  end
  return whole and values or nil
end

return lines
