//! How a lab is reached: what govc, packer and this program find in their environment.

use secrecy::ExposeSecret;

use super::inventory::{CLUSTER, DATACENTER, DATASTORE, FOLDER, NETWORK};
use super::session::Account;
use super::{Lab, packer, real};
use crate::vcenter::Settings;

impl Lab {
    /// `http://127.0.0.1:PORT/sdk`, or `https`.
    pub fn url(&self) -> String {
        let scheme = if self.tls.is_some() { "https" } else { "http" };
        format!("{scheme}://{}/sdk", self.address)
    }

    /// The account of builds: name and password.
    pub fn account(&self) -> &Account {
        &self.account
    }

    /// The environment of govc, of packer and of this program that leads to this lab: names and values.
    pub fn environment(&self) -> Vec<(&'static str, String)> {
        let password = self.account.password.expose_secret().to_owned();
        let real = self.shared.lock().world.real.is_some();
        let real = real.then(|| [("PKR_VAR_communicator_port", real::PORT.to_string()), (packer::REAL, "1".into())]);
        // Packer puts `https://` before it by itself.
        let endpoint = if self.tls.is_some() { self.address.to_string() } else { format!("http://{}", self.address) };
        let mut all = vec![
            ("PKR_VAR_vsphere_endpoint", endpoint),
            ("PKR_VAR_vsphere_username", self.account.name.clone()),
            ("PKR_VAR_vsphere_password", password.clone()),
            ("PKR_VAR_vsphere_insecure_connection", "true".into()),
            ("PKR_VAR_vsphere_datacenter", DATACENTER.into()),
            ("PKR_VAR_vsphere_cluster", CLUSTER.into()),
            ("PKR_VAR_vsphere_datastore", DATASTORE.into()),
            ("PKR_VAR_vsphere_network", NETWORK.into()),
            ("PKR_VAR_vsphere_folder", FOLDER.into()),
            ("TMPL_SIMULATED", self.shared.lock().world.clock.speed().to_string()),
            ("GOVC_URL", self.url()),
            ("GOVC_USERNAME", self.account.name.clone()),
            ("GOVC_PASSWORD", password),
            ("GOVC_INSECURE", "true".into()),
            ("GOVC_DATACENTER", DATACENTER.into()),
            ("GOVC_DATASTORE", DATASTORE.into()),
        ];
        all.extend(real.into_iter().flatten());
        all
    }

    /// What this program's client needs to reach this lab.
    ///
    /// # Errors
    /// Those of reading settings; there are none in practice.
    pub fn settings(&self) -> Result<Settings, crate::vcenter::Error> {
        let environment = self.environment();
        Settings::from_env(&|name| environment.iter().find(|(known, _)| *known == name).map(|(_, value)| value.clone()))
    }
}
