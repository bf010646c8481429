-- All orders of this window, from the wish to the item that is confirmed.

local land = require("land")
local look = require("look")

local desk = {}
desk.__index = desk

local LOOK_SECONDS = 0.1
local KEPT = 8 -- so many finished ones stay in view

--- @param bridge from `bridge`
function desk.new(bridge)
  return setmetatable({ bridge = bridge, jobs = {}, message = "", looked = -1e9 }, desk)
end

--- Asks for what is selected.
-- @param verb generate, vary, infill, continue or loop
-- @param settings prompt, bars, takes, seed, amount, hint
-- @return whether it was handed over; self.message says why not
function desk:ask(verb, settings)
  local orders, why = look[verb](settings)
  if not orders then
    self.message = why
    return false
  end
  self.message = ""
  for _, order in ipairs(orders) do
    local id = self.bridge:ask(order.ask)
    if not id then
      self.message = self.bridge.text
      return false
    end
    table.insert(self.jobs, 1, {
      id = id,
      verb = verb,
      name = order.place.name,
      place = order.place,
      state = "sent",
      text = "",
      fraction = 0,
    })
  end
  self:forget()
  return true
end

local OPEN = { sent = true, waiting = true, rendering = true, ready = true }
desk.OPEN = OPEN

--- Stops one order, or all that are not finished.
function desk:cancel(job)
  for _, each in ipairs(job and { job } or self.jobs) do
    if OPEN[each.state] and each.state ~= "ready" then
      self.bridge:cancel(each.id)
      each.text = "stopping"
    end
  end
end

--- Finished orders beyond those that are shown go.
function desk:forget()
  local kept, finished = {}, 0
  for _, job in ipairs(self.jobs) do
    local open = OPEN[job.state] or job.state == "landed"
    finished = finished + (open and 0 or 1)
    if open or finished <= KEPT then
      kept[#kept + 1] = job
    end
  end
  self.jobs = kept
end

local function clips_of(told)
  local clips = {}
  for place = 1, tonumber(told.takes) do
    clips[place] = {
      id = told["clip_" .. place],
      file = told["file_" .. place],
      samples = tonumber(told["samples_" .. place]),
      rate = tonumber(told["rate_" .. place]),
    }
  end
  return clips
end

--- Lands the clips of an order and tells the bridge.
function desk:land(job, told)
  local wait = land.must_wait(job.place)
  if wait then
    job.state, job.text = "ready", wait
    return
  end
  local clips = clips_of(told)
  local where, why = land.land(job.place, clips)
  if where then
    job.state, job.text = "landed", where
    job.where = where
    self.bridge:landed(job.id, { place = where })
  else
    job.state = "kept"
    job.text = "It could not be put into the project: " .. why .. ". The clip is kept: " .. clips[1].file
    self.bridge:landed(job.id, { problem = why })
  end
  if (told.text or "") ~= "" and where then
    job.note = told.text
  end
end

local function follow(self, job)
  local told = self.bridge:job(job.id)
  if not told then
    return
  end
  if told.state == "ready" and OPEN[job.state] then
    self:land(job, told)
  elseif told.state == "noted" and job.state == "landed" then
    job.state, job.text = "done", told.text ~= "" and job.where .. "; " .. told.text or job.where
  elseif OPEN[job.state] and told.state ~= "noted" then
    job.state = told.state
    job.fraction = tonumber(told.fraction) or job.fraction
    job.eta = tonumber(told.eta)
    job.text = told.text or job.text
  end
end

--- Looks how far everything is; call it often.
function desk:tick()
  self.bridge:tick()
  local now = reaper.time_precise()
  if now - self.looked < LOOK_SECONDS then
    return
  end
  self.looked = now
  for _, job in ipairs(self.jobs) do
    if OPEN[job.state] or job.state == "landed" then
      follow(self, job)
      if OPEN[job.state] and not self.bridge:alive() then
        self:bridge_gone(job)
      end
    end
  end
end

--- An order whose bridge is gone: another one takes it up, once. Its file is still there.
function desk:bridge_gone(job)
  if self.bridge.state == "ended" and not job.resumed then
    job.resumed = true
    job.text = "magnet-bridge was gone; another one goes on"
    self.bridge:start()
  else
    self.bridge:cancel(job.id)
    job.state = "failed"
    job.text = self.bridge.text ~= "" and self.bridge.text or "magnet-bridge has ended"
  end
end

return desk
