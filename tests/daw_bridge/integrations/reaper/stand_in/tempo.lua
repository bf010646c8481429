-- A tempo map as Reaper has it: markers with a tempo, a meter or neither, steady or gliding to the
-- next. A glide is linear in time. Bars begin anew at a marker with a meter.

local tempo = {}
tempo.__index = tempo

--- @param markers a list of {seconds, bpm, num?, den?, linear?}; the first is at 0 and has a meter
function tempo.new(markers)
  assert(markers[1].seconds == 0 and markers[1].num, "the first marker says where all begins")
  local self = setmetatable({ markers = markers, meters = {} }, tempo)
  for index, marker in ipairs(markers) do
    local next = markers[index + 1]
    marker.end_bpm = marker.linear and next and next.bpm or marker.bpm
    marker.length = next and next.seconds - marker.seconds or math.huge
    if index == 1 then
      marker.qn = 0
    else
      local before = markers[index - 1]
      marker.qn = before.qn + (before.bpm + before.end_bpm) / 2 * before.length / 60
    end
  end
  for _, marker in ipairs(markers) do
    if marker.num then
      local last = self.meters[#self.meters]
      local measure = 0
      if last then
        measure = last.measure + math.ceil((marker.qn - last.qn) / last.length - 1e-6)
      end
      local length = marker.num * 4 / marker.den
      self.meters[#self.meters + 1] =
        { qn = marker.qn, measure = measure, num = marker.num, den = marker.den, length = length }
    end
  end
  return self
end

local function last_where(list, holds)
  local found = list[1]
  for _, each in ipairs(list) do
    if holds(each) then
      found = each
    end
  end
  return found
end

function tempo:qn(seconds)
  local marker = last_where(self.markers, function(each)
    return each.seconds <= seconds
  end)
  local t = seconds - marker.seconds
  local glide = marker.length < math.huge and (marker.end_bpm - marker.bpm) / marker.length or 0
  return marker.qn + (marker.bpm * t + glide * t * t / 2) / 60
end

function tempo:seconds(qn)
  local marker = last_where(self.markers, function(each)
    return each.qn <= qn
  end)
  local beats = (qn - marker.qn) * 60
  local glide = marker.length < math.huge and (marker.end_bpm - marker.bpm) / marker.length or 0
  return marker.seconds + 2 * beats / (marker.bpm + math.sqrt(marker.bpm ^ 2 + 2 * glide * beats))
end

function tempo:bpm(seconds)
  local marker = last_where(self.markers, function(each)
    return each.seconds <= seconds
  end)
  if marker.length == math.huge then
    return marker.bpm
  end
  return marker.bpm + (marker.end_bpm - marker.bpm) * (seconds - marker.seconds) / marker.length
end

--- A measure by its index: {qn, end_qn, num, den}.
function tempo:measure(index)
  local meter = last_where(self.meters, function(each)
    return each.measure <= index
  end)
  local qn = meter.qn + (index - meter.measure) * meter.length
  local ends = qn + meter.length
  for _, each in ipairs(self.meters) do
    if each.measure == index + 1 then
      ends = each.qn -- it may come before the bar is full
    end
  end
  return { qn = qn, end_qn = ends, num = meter.num, den = meter.den }
end

--- The index of the measure that holds a beat.
function tempo:measure_at(qn)
  local meter = last_where(self.meters, function(each)
    return each.qn <= qn + 1e-9
  end)
  return meter.measure + math.floor((qn - meter.qn) / meter.length + 1e-9)
end

return tempo
