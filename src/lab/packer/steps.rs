//! From the login to the typed boot command, and from the shutdown to the template.

use std::time::Instant;

use super::super::devices::FIRST_DRIVE;
use super::super::guest::Book;
use super::build::{Build, Failure};
use super::keys::{self, Stroke};
use super::real;
use super::vsphere::{Vsphere, text};

impl Build {
    /// Logs in and looks for the datacenter.
    pub async fn connect_vcenter(&mut self) -> Result<(), Failure> {
        let variable = |name: &str| self.arguments.variable(name).unwrap_or_default();
        let (endpoint, user) = (variable("vsphere_endpoint"), variable("vsphere_username"));
        let mut vsphere = Vsphere::login(&endpoint, &user, &self.password()).await?;
        let found = vsphere.find(&self.datacenter).await?;
        self.vsphere = Some(vsphere);
        if found.is_none() {
            return Err(Failure::from(format!("datacenter '{}' not found", self.datacenter)));
        }
        self.plugin(&format!("[INFO] Using datastore '{}'", self.datastore));
        self.plugin("No URLs were provided to Step Download. Continuing...");
        Ok(())
    }

    /// The CD with the answers for the installer.
    pub async fn make_cd(&mut self) -> Result<(), Failure> {
        let (cd, datastore, datacenter) = (self.cd.clone(), self.datastore.clone(), format!("/{}", self.datacenter));
        let log = &self.log;
        log.say("Creating CD disk...");
        self.plugin(&format!("CD path: /tmp/{cd}"));
        for line in [
            "xorriso 1.5.4 : RockRidge filesystem manipulator, libburnia project.",
            &format!("Drive current: -outdev 'stdio:/tmp/{cd}'"),
            "Media current: stdio file, overwriteable",
            "Media status : is blank",
            "xorriso : UPDATE :       1 files added in 1 seconds",
            "ISO image produced: 186 sectors",
            "Written to medium : 186 sectors at LBA 0",
            &format!("Writing to 'stdio:/tmp/{cd}' completed successfully."),
            "Done copying paths from CD_dirs",
            &format!("Uploading {cd} to [{datastore}] packer_cache..."),
        ] {
            log.say(line);
        }
        let content = if real::guests() {
            real::cd().await.map_err(|error| Failure::from(format!("error creating the CD: {error}")))?
        } else {
            b"simulated CD\n".to_vec()
        };
        self.uploaded = true;
        self.vcenter()?.upload(&datacenter, &datastore, &format!("packer_cache/{cd}"), content).await?;
        Ok(())
    }

    /// The inventory path of the build VM.
    pub fn path(&self) -> String {
        format!("{}/vm/{}/{}", self.datacenter, self.folder, self.name)
    }

    /// Makes room if asked to, then creates the VM.
    pub async fn create_vm(&mut self) -> Result<(), Failure> {
        let (path, shown) = (self.path(), format!("{}/{}", self.folder, self.name));
        if let Some(existing) = self.vcenter()?.find(&path).await? {
            if !self.arguments.force {
                return Err(Failure::from(format!(
                    "{shown} already exists, you can use -force flag to destroy it: <nil>"
                )));
            }
            self.log.say(&format!(
                "Removing the existing virtual machine at {shown} based on use of the '-force' option..."
            ));
            self.destroy(&existing)
                .await
                .map_err(|error| Failure::from(format!("error destroying {shown}: {error}")))?;
        }
        self.log.say("Creating virtual machine...");
        let folder = format!("{}/vm/{}", self.datacenter, self.folder);
        let folder = self
            .vcenter()?
            .find(&folder)
            .await?
            .ok_or_else(|| Failure::from(format!("folder '{}' not found", self.folder)))?;
        let (name, datastore, guest_id) = (text(&self.name), text(&self.datastore), text(&self.family.guest_id));
        let config = format!(
            "<config><name>{name}</name><guestId>{guest_id}</guestId><annotation>simulated build</annotation>\
             <files><vmPathName>[{datastore}]</vmPathName></files><numCPUs>2</numCPUs><memoryMB>2048</memoryMB></config>\
             <pool type=\"ResourcePool\">resgroup-9</pool>"
        );
        self.creating = true;
        let created = self.vcenter()?.task("CreateVM_Task", "Folder", &folder, &config).await;
        self.vm = Some(created.map_err(|error| Failure::from(format!("error creating virtual machine: {error}")))?);
        self.log.say("Applying custom hardware configuration...");
        self.log.say("Adding SATA controller...");
        self.mount().await
    }

    async fn mount(&mut self) -> Result<(), Failure> {
        self.log.say("Mounting ISO images...");
        let iso = match (self.arguments.variable("iso_datastore_path"), self.arguments.variable("iso_file")) {
            (Some(folder), Some(file)) => format!("{folder}/{file}"),
            _ => self.family.iso.clone(),
        };
        let datastore = self.arguments.variable("common_iso_datastore").unwrap_or_else(|| self.datastore.clone());
        let isos = [format!("[{datastore}] {iso}"), format!("[{}] packer_cache/{}", self.datastore, self.cd)];
        let mut devices = String::new();
        for iso in &isos {
            self.plugin("Check if ISO path is a Content Library path");
            self.plugin("ISO path not identified as a Content Library path");
            self.plugin(&format!("Using {iso} as the datastore path"));
            devices.push_str(&format!(
                "<deviceChange><operation>add</operation><device xsi:type=\"VirtualCdrom\"><key>-1</key>\
                 <backing xsi:type=\"VirtualCdromIsoBackingInfo\"><fileName>{}</fileName></backing></device></deviceChange>",
                text(iso)
            ));
        }
        let vm = self.vm_id()?;
        self.vcenter()?.task("ReconfigVM_Task", "VirtualMachine", &vm, &format!("<spec>{devices}</spec>")).await?;
        self.log.say("Adding configuration parameters...");
        self.plugin("[INFO] Reconfiguration task completed successfully.");
        self.plugin("No floppy files specified. Floppy disk will not be made.");
        self.log.say("Setting boot order...");
        Ok(())
    }

    /// Power-on, boot wait, boot command.
    pub async fn boot(&mut self) -> Result<(), Failure> {
        let vm = self.vm_id()?;
        self.learn_guest(&vm).await?;
        self.log.say("Powering on virtual machine...");
        self.vcenter()?.task("PowerOnVM_Task", "VirtualMachine", &vm, "").await?;
        self.booted = Instant::now();
        let wait = if real::guests() { real::BOOT_WAIT } else { self.family.boot_wait };
        self.log.say(&format!("Waiting {} for boot...", self.written(wait)));
        self.pause(wait).await;
        self.log.say("Typing boot command...");
        let strokes =
            keys::parse(&real::boot_command(&self.family.boot_command, self.name.starts_with("linux-debian")));
        for group in
            strokes.chunk_by(|before, after| !matches!((before, after), (Stroke::Wait(_), _) | (_, Stroke::Wait(_))))
        {
            self.type_group(&vm, group).await?;
        }
        Ok(())
    }

    /// Which guest boots and how fast time passes stands in the VM's advanced settings.
    async fn learn_guest(&mut self, vm: &str) -> Result<(), Failure> {
        let settings = self.vcenter()?.property("VirtualMachine", vm, "config.extraConfig").await?.unwrap_or_default();
        let value = |key: &str| {
            let option = settings.children.iter().find(|option| option.text_of("key") == key);
            option.map(|option| option.text_of("value").to_owned())
        };
        self.speed = value("lab.speed").and_then(|speed| speed.parse().ok()).unwrap_or(1.0);
        self.guest = value("lab.guest").and_then(|name| Book::shipped().ok()?.guest(&name));
        Ok(())
    }

    async fn type_group(&mut self, vm: &str, group: &[Stroke]) -> Result<(), Failure> {
        let mut events = String::new();
        for stroke in group {
            match stroke {
                Stroke::Wait(seconds) => {
                    self.plugin(&format!("[INFO] Waiting {}", self.written(*seconds)));
                    self.pause(*seconds).await;
                }
                Stroke::Key { log, usage, shift } => {
                    self.plugin(log);
                    let code = i32::from(*usage) << 16 | 7;
                    let modifiers = if *shift { "<modifiers><leftShift>true</leftShift></modifiers>" } else { "" };
                    events.push_str(&format!("<keyEvents><usbHidCode>{code}</usbHidCode>{modifiers}</keyEvents>"));
                }
            }
        }
        if events.is_empty() {
            return Ok(());
        }
        self.pause(0.05 * f64::from(u16::try_from(group.len()).unwrap_or(u16::MAX))).await;
        let arguments = format!("<spec>{events}</spec>");
        let typed = self.vcenter()?.call("PutUsbScanCodes", "VirtualMachine", vm, &arguments).await;
        typed.map(|_| ()).map_err(|error| Failure::from(format!("error typing a boot command: {error}")))
    }

    /// Powers off what runs, then destroys it.
    pub async fn destroy(&mut self, vm: &str) -> Result<(), String> {
        let Some(vsphere) = self.vsphere.as_mut() else { return Ok(()) };
        let state = vsphere.property("VirtualMachine", vm, "runtime.powerState").await?;
        if state.is_some_and(|state| state.text == "poweredOn") {
            vsphere.task("PowerOffVM_Task", "VirtualMachine", vm, "").await?;
        }
        vsphere.task("Destroy_Task", "VirtualMachine", vm, "").await.map(|_| ())
    }

    /// Runs the shutdown command and waits until the guest is off.
    pub async fn shut_down(&mut self) -> Result<(), Failure> {
        let limit = self.limit("common_shutdown_timeout", 900.0);
        let command = match self.family.communicator.as_str() {
            "winrm" => "shutdown /s /t 10 /f /d p:4:1",
            _ => "sudo -n /usr/local/sbin/seal-template",
        };
        self.log.say("Running shutdown command...");
        self.plugin(&format!("[INFO] Shutdown command: {command}"));
        self.plugin("[DEBUG] Opening new ssh session");
        self.plugin(&format!("[DEBUG] starting remote command: {command}"));
        self.plugin(&format!("[INFO] Waiting a maximum of {} for shutdown to complete.", self.written(limit)));
        let vm = self.vm_id()?;
        self.vcenter()?.call("ShutdownGuest", "VirtualMachine", &vm, "").await?;
        let end = Instant::now() + self.real(limit);
        loop {
            let state = self.vcenter()?.property("VirtualMachine", &vm, "runtime.powerState").await?;
            if state.is_some_and(|state| state.text == "poweredOff") {
                return Ok(());
            }
            if Instant::now() >= end {
                return Err(Failure {
                    text: "timeout while waiting for machine to shutdown".into(),
                    provisioning: true,
                });
            }
            self.pause(1.0).await;
        }
    }

    /// Takes the media away and makes the template.
    pub async fn convert(&mut self) -> Result<(), Failure> {
        let vm = self.vm_id()?;
        for line in [
            "Deleting floppy drives...",
            "Ejecting CD-ROM media...",
            "Removing CD-ROM devices...",
            "Reattaching CD-ROM devices...",
            "Adding SATA controller...",
            "Adding CD-ROM devices...",
        ] {
            self.log.say(line);
        }
        // Those of a new VM's drives.
        let cleared: String = (FIRST_DRIVE..)
            .take(2)
            .map(|key| {
                format!(
                    "<deviceChange><operation>remove</operation><device xsi:type=\"VirtualCdrom\"><key>{key}</key></device>\
                     </deviceChange>"
                )
            })
            .collect();
        let cleared = format!("<spec>{cleared}</spec>");
        self.vcenter()?.task("ReconfigVM_Task", "VirtualMachine", &vm, &cleared).await?;
        self.log.say("Converting virtual machine to template...");
        self.vcenter()?.call("MarkAsTemplate", "VirtualMachine", &vm, "").await?;
        self.remove_cd().await?;
        self.plugin(&format!("Deleting CD disk: /tmp/{}", self.cd));
        self.log.say("Closing sessions...");
        self.log.say("Running post-processor:  (type manifest)");
        Ok(())
    }

    /// Removes the generated CD from the datastore.
    pub async fn remove_cd(&mut self) -> Result<(), String> {
        let name = text(&format!("[{}] packer_cache/{}", self.datastore, self.cd));
        let Some(vsphere) = self.vsphere.as_mut() else { return Ok(()) };
        self.uploaded = false;
        vsphere
            .task("DeleteDatastoreFile_Task", "FileManager", "FileManager", &format!("<name>{name}</name>"))
            .await
            .map(|_| ())
    }
}
