//! NVML's functions as C calls them.
//!
//! What NVML's documentation asks of callers makes the `unsafe` here sound: a pointer to a result
//! is null or valid for writing a value of its type, and stays so during the call. Handles are
//! numbers ([`DevicePlace`]) and never followed.

use std::ffi::{c_char, c_int, c_uint, c_ulonglong};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::ptr::without_provenance_mut;
use std::sync::OnceLock;

use nvml_wrapper_sys::bindings as nvml;

use crate::place::DevicePlace;
use crate::scenario::{Scenario, SimulatedGpu, SimulatedPcie};
use crate::world::{Code, INVALID, NOT_SUPPORTED, World};

const SUCCESS: Code = nvml::nvmlReturn_enum_NVML_SUCCESS;
const UNKNOWN: Code = nvml::nvmlReturn_enum_NVML_ERROR_UNKNOWN;
const TOO_SMALL: Code = nvml::nvmlReturn_enum_NVML_ERROR_INSUFFICIENT_SIZE;
/// The field with the memory's temperature.
const MEMORY_TEMPERATURE: c_uint = 82;

/// The file that says what the GPUs do.
const SCENARIO: &str = "WORKBENCH_GPU_SCENARIO";

static WORLD: OnceLock<World> = OnceLock::new();

/// The machine, once the library was started.
fn world() -> Result<&'static World, Code> {
    WORLD
        .get()
        .ok_or(nvml::nvmlReturn_enum_NVML_ERROR_UNINITIALIZED)
}

fn device(handle: nvml::nvmlDevice_t) -> Result<DevicePlace, Code> {
    DevicePlace::of(handle.addr()).ok_or(INVALID)
}

/// Answers a call, after the faults that the scenario has for it. Nothing unwinds into C.
fn answered(
    call: &'static str,
    body: impl FnOnce(&World) -> Result<(), Code>,
) -> nvml::nvmlReturn_t {
    let answer = catch_unwind(AssertUnwindSafe(|| {
        let world = world()?;
        world.enter(call)?;
        body(world)
    }));
    match answer {
        Ok(Ok(())) => SUCCESS,
        Ok(Err(code)) => code,
        Err(_) => UNKNOWN,
    }
}

/// A place for a result.
struct Out<T>(*mut T);

impl<T> Out<T> {
    fn set(self, value: T) -> Result<(), Code> {
        if self.0.is_null() {
            return Err(INVALID);
        }
        // SAFETY: made only by `out!`, of an argument that NVML's contract says is valid for
        // writing a `T` where it is not null, until the function returns; it is used before that.
        unsafe { self.0.write(value) };
        Ok(())
    }
}

/// Places for several results, or for the bytes of a text.
struct OutList<T> {
    first: *mut T,
    room: usize,
}

impl<T> OutList<T> {
    fn fill(self, values: impl ExactSizeIterator<Item = T>) -> Result<(), Code> {
        if values.len() > self.room {
            return Err(TOO_SMALL);
        }
        if self.first.is_null() {
            return Err(INVALID);
        }
        for (at, value) in values.enumerate() {
            // SAFETY: made only of a pointer and a length that NVML's contract says belong
            // together: `room` values of `T` may be written from `first` on, and `at` is below the
            // number of values, which is at most `room`.
            unsafe { self.first.add(at).write(value) };
        }
        Ok(())
    }

    /// The list as values that the caller has filled in.
    fn get(&mut self) -> Result<&mut [T], Code> {
        if self.first.is_null() {
            return Err(INVALID);
        }
        // SAFETY: as above, and the contract of the functions that use it says that the caller has
        // filled in all `room` values and leaves them alone during the call.
        Ok(unsafe { std::slice::from_raw_parts_mut(self.first, self.room) })
    }
}

/// A text with a zero at its end.
fn text(place: (*mut c_char, c_uint), text: &str) -> Result<(), Code> {
    let (first, room) = place;
    let bytes: Vec<c_char> = text
        .bytes()
        .chain([0])
        .map(u8::cast_signed)
        .map(|b| b as c_char)
        .collect();
    let list = OutList {
        first,
        room: room as usize,
    };
    list.fill(bytes.into_iter())
}

fn percent(share: f64) -> c_uint {
    (share * 100.0).round() as c_uint
}

/// Functions that C can call by their names: each answers with `Ok` or one of NVML's numbers.
macro_rules! functions {
    ($(
        $(#[$about:meta])*
        fn $name:ident($world:ident $(, $arg:ident: $type:ty)*) $body:block
    )*) => {$(
        $(#[$about])*
        ///
        /// # Safety
        /// Pointers are null or valid for what NVML's documentation says of them.
        // SAFETY: the name is NVML's, which this library takes the place of: no other library with
        // the name is in the process that loads it.
        #[unsafe(no_mangle)]
        pub unsafe extern "C" fn $name($($arg: $type),*) -> nvml::nvmlReturn_t {
            answered(stringify!($name), |$world| $body)
        }
    )*};
}

/// Starts the library: reads the scenario.
// SAFETY: as with the functions below.
#[unsafe(no_mangle)]
pub extern "C" fn nvmlInit_v2() -> nvml::nvmlReturn_t {
    let loaded = catch_unwind(|| {
        let path = std::env::var_os(SCENARIO).ok_or_else(|| format!("{SCENARIO} is not set"))?;
        let read = std::fs::read_to_string(&path).map_err(|error| error.to_string());
        let scenario = read.and_then(|text| Scenario::parse(&text).map_err(|e| e.to_string()));
        scenario.map_err(|error| format!("{}: {error}", path.display()))
    });
    match loaded {
        Ok(Ok(scenario)) => {
            WORLD.get_or_init(|| World::new(scenario));
            answered("nvmlInit_v2", |_| Ok(()))
        }
        Ok(Err(error)) => {
            eprintln!("nvml-sim: {error}");
            nvml::nvmlReturn_enum_NVML_ERROR_DRIVER_NOT_LOADED
        }
        Err(_) => UNKNOWN,
    }
}

/// What an error means, in words.
// SAFETY: as with the functions below.
#[unsafe(no_mangle)]
pub extern "C" fn nvmlErrorString(_code: nvml::nvmlReturn_t) -> *const c_char {
    c"simulated".as_ptr()
}

functions! {
    /// Ends the library.
    fn nvmlShutdown(_world) { Ok(()) }
    /// The driver's version.
    fn nvmlSystemGetDriverVersion(world, out: *mut c_char, room: c_uint) {
        text((out, room), world.driver())
    }
    /// How many GPUs there are.
    fn nvmlDeviceGetCount_v2(world, out: *mut c_uint) { Out(out).set(world.count() as c_uint) }
    /// A GPU.
    fn nvmlDeviceGetHandleByIndex_v2(world, index: c_uint, out: *mut nvml::nvmlDevice_t) {
        let place = DevicePlace { gpu: index as usize, mig: None };
        if place.gpu >= world.count() {
            return Err(INVALID);
        }
        Out(out).set(without_provenance_mut(place.number()))
    }
    /// A GPU's place.
    fn nvmlDeviceGetIndex(_world, handle: nvml::nvmlDevice_t, out: *mut c_uint) {
        Out(out).set(device(handle)?.gpu as c_uint)
    }
    /// Product name.
    fn nvmlDeviceGetName(
        world, handle: nvml::nvmlDevice_t, out: *mut c_char, room: c_uint
    ) { text((out, room), &world.name(device(handle)?)?) }
    /// Identifier.
    fn nvmlDeviceGetUUID(
        world, handle: nvml::nvmlDevice_t, out: *mut c_char, room: c_uint
    ) { text((out, room), &world.uuid(device(handle)?)?) }
    /// Memory.
    fn nvmlDeviceGetMemoryInfo_v2(
        world, handle: nvml::nvmlDevice_t, out: *mut nvml::nvmlMemory_v2_t
    ) {
        let (total, used) = world.memory(device(handle)?)?;
        Out(out).set(nvml::nvmlMemory_v2_t {
            version: 0,
            total,
            reserved: 0,
            free: total - used,
            used,
        })
    }
    /// Shares of the time with a kernel, and with memory traffic.
    fn nvmlDeviceGetUtilizationRates(
        world, handle: nvml::nvmlDevice_t, out: *mut nvml::nvmlUtilization_t
    ) {
        let place = device(handle)?;
        let gpu = percent(world.figure(place, |gpu| gpu.busy)?);
        let memory = percent(world.figure(place, |gpu| gpu.memory_busy).unwrap_or(0.0));
        Out(out).set(nvml::nvmlUtilization_t { gpu, memory })
    }
    /// Share of the encoder.
    fn nvmlDeviceGetEncoderUtilization(
        world, handle: nvml::nvmlDevice_t, out: *mut c_uint, period_us: *mut c_uint
    ) {
        let share = world.figure(device(handle)?, |gpu| gpu.encoder)?;
        Out(period_us).set(1_000_000)?;
        Out(out).set(percent(share))
    }
    /// Share of the decoder.
    fn nvmlDeviceGetDecoderUtilization(
        world, handle: nvml::nvmlDevice_t, out: *mut c_uint, period_us: *mut c_uint
    ) {
        let share = world.figure(device(handle)?, |gpu| gpu.decoder)?;
        Out(period_us).set(1_000_000)?;
        Out(out).set(percent(share))
    }
    /// Milliwatts.
    fn nvmlDeviceGetPowerUsage(world, handle: nvml::nvmlDevice_t, out: *mut c_uint) {
        Out(out).set((world.figure(device(handle)?, |gpu| gpu.power_w)? * 1000.0) as c_uint)
    }
    /// Milliwatts.
    fn nvmlDeviceGetEnforcedPowerLimit(world, handle: nvml::nvmlDevice_t, out: *mut c_uint) {
        Out(out).set((world.figure(device(handle)?, |gpu| gpu.power_limit_w)? * 1000.0) as c_uint)
    }
    /// Millijoules.
    fn nvmlDeviceGetTotalEnergyConsumption(
        world, handle: nvml::nvmlDevice_t, out: *mut c_ulonglong
    ) { Out(out).set(world.energy_mj(device(handle)?)?) }
    /// Degrees Celsius.
    fn nvmlDeviceGetTemperature(
        world, handle: nvml::nvmlDevice_t, _sensor: c_uint, out: *mut c_uint
    ) { Out(out).set(world.figure(device(handle)?, |gpu| gpu.temperature_c)? as c_uint) }
    /// Degrees Celsius.
    fn nvmlDeviceGetTemperatureThreshold(
        world, handle: nvml::nvmlDevice_t, which: c_uint, out: *mut c_uint
    ) {
        if which != nvml::nvmlTemperatureThresholds_enum_NVML_TEMPERATURE_THRESHOLD_SLOWDOWN {
            return Err(NOT_SUPPORTED);
        }
        Out(out).set(world.figure(device(handle)?, |gpu| gpu.slowdown_c)? as c_uint)
    }
    /// Percent of the fan's highest speed.
    fn nvmlDeviceGetFanSpeed_v2(
        world, handle: nvml::nvmlDevice_t, _fan: c_uint, out: *mut c_uint
    ) { Out(out).set(percent(world.figure(device(handle)?, |gpu| gpu.fan)?)) }
    /// MHz.
    fn nvmlDeviceGetClockInfo(
        world, handle: nvml::nvmlDevice_t, which: c_uint, out: *mut c_uint
    ) {
        let memory = which == nvml::nvmlClockType_enum_NVML_CLOCK_MEM;
        let of = |gpu: &SimulatedGpu| if memory { gpu.memory_mhz } else { gpu.sm_mhz };
        Out(out).set(world.figure(device(handle)?, of)? as c_uint)
    }
    /// MHz.
    fn nvmlDeviceGetMaxClockInfo(
        world, handle: nvml::nvmlDevice_t, _which: c_uint, out: *mut c_uint
    ) { Out(out).set(world.figure(device(handle)?, |gpu| gpu.sm_max_mhz)? as c_uint) }
    /// Why the clocks are held down.
    fn nvmlDeviceGetCurrentClocksThrottleReasons(
        world, handle: nvml::nvmlDevice_t, out: *mut c_ulonglong
    ) { Out(out).set(world.throttle(device(handle)?)?) }
    /// Memory errors.
    fn nvmlDeviceGetTotalEccErrors(
        world, handle: nvml::nvmlDevice_t, kind: c_uint, _counter: c_uint, out: *mut c_ulonglong
    ) {
        let place = device(handle)?;
        let ecc = world.gpu(place)?.ecc.filter(|_| place.mig.is_none()).ok_or(NOT_SUPPORTED)?;
        let mended = kind == nvml::nvmlMemoryErrorType_enum_NVML_MEMORY_ERROR_TYPE_CORRECTED;
        Out(out).set(ecc[usize::from(!mended)])
    }
    /// PCIe generation in use.
    fn nvmlDeviceGetCurrPcieLinkGeneration(world, handle: nvml::nvmlDevice_t, out: *mut c_uint) {
        Out(out).set(pcie(world, handle)?.generation[0])
    }
    /// Highest PCIe generation.
    fn nvmlDeviceGetMaxPcieLinkGeneration(world, handle: nvml::nvmlDevice_t, out: *mut c_uint) {
        Out(out).set(pcie(world, handle)?.generation[1])
    }
    /// PCIe lanes in use.
    fn nvmlDeviceGetCurrPcieLinkWidth(world, handle: nvml::nvmlDevice_t, out: *mut c_uint) {
        Out(out).set(pcie(world, handle)?.lanes[0])
    }
    /// All PCIe lanes.
    fn nvmlDeviceGetMaxPcieLinkWidth(world, handle: nvml::nvmlDevice_t, out: *mut c_uint) {
        Out(out).set(pcie(world, handle)?.lanes[1])
    }
    /// PCIe packets that were sent again.
    fn nvmlDeviceGetPcieReplayCounter(world, handle: nvml::nvmlDevice_t, out: *mut c_uint) {
        Out(out).set(pcie(world, handle)?.replays)
    }
    /// KB/s over PCIe.
    fn nvmlDeviceGetPcieThroughput(
        world, handle: nvml::nvmlDevice_t, way: c_uint, out: *mut c_uint
    ) {
        let sent = way == nvml::nvmlPcieUtilCounter_enum_NVML_PCIE_UTIL_TX_BYTES;
        let rate = |pcie: &SimulatedPcie| if sent { pcie.sent } else { pcie.received };
        let mib = world.figure(device(handle)?, |gpu| gpu.pcie.as_ref().map(rate))?;
        Out(out).set((mib * 1048.576) as c_uint)
    }
    /// Whether a link is up.
    fn nvmlDeviceGetNvLinkState(
        world, handle: nvml::nvmlDevice_t, link: c_uint, out: *mut nvml::nvmlEnableState_t
    ) {
        let links = world.gpu(device(handle)?)?.nvlink.as_ref().ok_or(NOT_SUPPORTED)?;
        if link >= links.up.saturating_add(links.down) {
            return Err(INVALID);
        }
        Out(out).set(nvml::nvmlEnableState_t::from(link < links.up))
    }
    /// Fields: the memory's temperature alone.
    fn nvmlDeviceGetFieldValues(
        world, handle: nvml::nvmlDevice_t, count: c_int, fields: *mut nvml::nvmlFieldValue_t
    ) {
        let place = device(handle)?;
        let room = usize::try_from(count).map_err(|_| INVALID)?;
        let degrees = world.figure(place, |gpu| gpu.memory_temperature_c);
        let mut fields = OutList { first: fields, room };
        for field in fields.get()? {
            let known = match field.fieldId {
                MEMORY_TEMPERATURE => degrees,
                _ => Err(NOT_SUPPORTED),
            };
            field.nvmlReturn = known.err().unwrap_or(SUCCESS);
            field.valueType = nvml::nvmlValueType_enum_NVML_VALUE_TYPE_UNSIGNED_INT;
            field.value = nvml::nvmlValue_t { uiVal: known.unwrap_or(0.0) as c_uint };
        }
        Ok(())
    }
    /// Processes that compute.
    fn nvmlDeviceGetComputeRunningProcesses_v3(
        world, handle: nvml::nvmlDevice_t, count: *mut c_uint, out: *mut nvml::nvmlProcessInfo_t
    ) { processes(&world.processes(device(handle)?, false)?, count, out) }
    /// Processes that draw.
    fn nvmlDeviceGetGraphicsRunningProcesses_v3(
        world, handle: nvml::nvmlDevice_t, count: *mut c_uint, out: *mut nvml::nvmlProcessInfo_t
    ) { processes(&world.processes(device(handle)?, true)?, count, out) }
    /// Whether a card is divided.
    fn nvmlDeviceGetMigMode(
        world, handle: nvml::nvmlDevice_t, current: *mut c_uint, pending: *mut c_uint
    ) {
        let divided = c_uint::from(!world.gpu(device(handle)?)?.mig.is_empty());
        Out(pending).set(divided)?;
        Out(current).set(divided)
    }
    /// How many MIG devices there can be.
    fn nvmlDeviceGetMaxMigDeviceCount(world, handle: nvml::nvmlDevice_t, out: *mut c_uint) {
        Out(out).set(world.gpu(device(handle)?)?.mig.len() as c_uint)
    }
    /// A MIG device.
    fn nvmlDeviceGetMigDeviceHandleByIndex(
        world, handle: nvml::nvmlDevice_t, index: c_uint, out: *mut nvml::nvmlDevice_t
    ) {
        let place = DevicePlace { mig: Some(index as usize), ..device(handle)? };
        world.mig(place)?;
        Out(out).set(without_provenance_mut(place.number()))
    }
    /// Which events a card tells.
    fn nvmlDeviceGetSupportedEventTypes(
        world, handle: nvml::nvmlDevice_t, out: *mut c_ulonglong
    ) {
        world.gpu(device(handle)?)?;
        Out(out).set(nvml::nvmlEventTypeXidCriticalError.into())
    }
    /// Somebody wants to hear of events.
    fn nvmlEventSetCreate(_world, out: *mut nvml::nvmlEventSet_t) {
        Out(out).set(without_provenance_mut(1))
    }
    /// From a card.
    fn nvmlDeviceRegisterEvents(
        world, handle: nvml::nvmlDevice_t, _types: c_ulonglong, _set: nvml::nvmlEventSet_t
    ) { world.gpu(device(handle)?).map(|_| ()) }
    /// The next event; there is none to wait for.
    fn nvmlEventSetWait_v2(
        world, _set: nvml::nvmlEventSet_t, out: *mut nvml::nvmlEventData_t, _ms: c_uint
    ) {
        let (place, number) = world.next_error()?;
        Out(out).set(nvml::nvmlEventData_t {
            device: without_provenance_mut(place.number()),
            eventType: nvml::nvmlEventTypeXidCriticalError.into(),
            eventData: number,
            gpuInstanceId: c_uint::MAX,
            computeInstanceId: c_uint::MAX,
        })
    }
    /// Nobody listens any more.
    fn nvmlEventSetFree(_world, _set: nvml::nvmlEventSet_t) { Ok(()) }
    /// Whether a card measures more.
    fn nvmlGpmQueryDeviceSupport(
        world, handle: nvml::nvmlDevice_t, out: *mut nvml::nvmlGpmSupport_t
    ) {
        let measures = world.measures(device(handle)?)?;
        Out(out).set(nvml::nvmlGpmSupport_t { version: 1, isSupportedDevice: measures.into() })
    }
    /// Room for a sample.
    fn nvmlGpmSampleAlloc(world, out: *mut nvml::nvmlGpmSample_t) {
        Out(out).set(without_provenance_mut(world.new_sample()))
    }
    /// Gives it back.
    fn nvmlGpmSampleFree(world, sample: nvml::nvmlGpmSample_t) { world.free_sample(sample.addr()) }
    /// Takes a sample.
    fn nvmlGpmSampleGet(world, handle: nvml::nvmlDevice_t, sample: nvml::nvmlGpmSample_t) {
        world.take_sample(device(handle)?, sample.addr())
    }
    /// What was measured between two samples.
    fn nvmlGpmMetricsGet(world, request: *mut nvml::nvmlGpmMetricsGet_t) {
        let mut request = OutList { first: request, room: 1 };
        let [request] = request.get()? else { return Err(INVALID) };
        let samples = [request.sample1.addr(), request.sample2.addr()];
        let wanted = request.metrics.get_mut(..request.numMetrics as usize).ok_or(INVALID)?;
        for metric in wanted {
            let value = world.measured(metric.metricId, samples);
            metric.nvmlReturn = value.err().unwrap_or(SUCCESS);
            metric.value = value.unwrap_or(0.0);
        }
        Ok(())
    }
}

fn pcie(world: &World, handle: nvml::nvmlDevice_t) -> Result<&SimulatedPcie, Code> {
    let place = device(handle)?;
    let gpu = world.gpu(place)?;
    gpu.pcie
        .as_ref()
        .filter(|_| place.mig.is_none())
        .ok_or(NOT_SUPPORTED)
}

/// Where there is no room for all, says how many there are.
fn processes(
    all: &[(u32, Option<u64>)],
    count: *mut c_uint,
    out: *mut nvml::nvmlProcessInfo_t,
) -> Result<(), Code> {
    let mut place = OutList {
        first: count,
        room: 1,
    };
    let [count] = place.get()? else {
        return Err(INVALID);
    };
    let room = std::mem::replace(count, all.len() as c_uint) as usize;
    if all.len() > room {
        return Err(TOO_SMALL);
    }
    let one = |(pid, memory): &(u32, Option<u64>)| nvml::nvmlProcessInfo_t {
        pid: *pid,
        // What NVML says where the driver does not know.
        usedGpuMemory: memory.unwrap_or(c_ulonglong::MAX),
        gpuInstanceId: c_uint::MAX,
        computeInstanceId: c_uint::MAX,
    };
    if all.is_empty() {
        return Ok(());
    }
    OutList { first: out, room }.fill(all.iter().map(one))
}
