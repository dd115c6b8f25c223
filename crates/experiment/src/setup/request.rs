//! From a saved set-up to a request, as the command line makes one.

use std::fmt::Display;
use std::path::PathBuf;
use std::str::FromStr;

use workbench_dataset::ReadOptions;

use super::saved::SavedSetup;
use crate::asked::AskedWorkers;
use crate::lab::{Opt, Refusal};
use crate::request::Request;
use crate::request_error::RequestError;

impl SavedSetup {
    /// The request that it stands for.
    ///
    /// # Errors
    /// The first value that cannot be.
    pub fn request(&self) -> Result<Request, RequestError> {
        Ok(Request {
            preset: self.preset.clone(),
            set: self.settings(),
            arms: self.arms.clone(),
            workers: parsed::<AskedWorkers>(Opt::Workers, self.workers.as_deref())?
                .unwrap_or_default(),
            repeats: parsed(Opt::Repeats, self.repeats.as_deref())?,
            seed: parsed::<u32>(Opt::Seed, self.seed.as_deref())?.map(u64::from),
            data: self.data.as_ref().map(PathBuf::from),
            target: self.target.clone(),
            reading: ReadOptions {
                columns: self.columns.clone(),
                drop_columns: self.drop_columns.clone(),
                no_header: self.no_header,
                drop_missing: self.drop_missing,
                delimiter: parsed(Opt::Delimiter, self.delimiter.as_deref())?,
                decimal: parsed(Opt::Decimal, self.decimal.as_deref())?,
            },
            oversubscribe: self.oversubscribe,
            until: parsed(Opt::Until, self.until.as_deref())?,
            max_time: parsed(Opt::MaxTime, self.max_time.as_deref())?,
            control: self.control,
            ..Request::default()
        })
    }
}

fn parsed<T>(option: Opt, typed: Option<&str>) -> Result<Option<T>, RequestError>
where
    T: FromStr<Err: Display>,
{
    let Some(typed) = typed else {
        return Ok(None);
    };
    let refused = |error: T::Err| Refusal::new(option, typed, error.to_string());
    let value = typed.trim().parse().map_err(refused);
    value.map(Some).map_err(RequestError::Refused)
}
