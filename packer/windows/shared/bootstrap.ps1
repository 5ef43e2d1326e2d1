# Runs once, at the first logon: VMware Tools (network driver, and how packer learns the address), then WinRM over TLS.
# Every wait has an end. What went wrong stays on the screen, where the console's picture shows it, and in the log.

$ErrorActionPreference = 'Stop'
$ProgressPreference = 'SilentlyContinue'
$log = Join-Path $env:SystemRoot 'Temp\template-bootstrap.log'

function Find-OnCD([string] $File) {
    foreach ($drive in Get-CimInstance -ClassName Win32_LogicalDisk -Filter 'DriveType = 5') {
        $path = Join-Path "$($drive.DeviceID)\" $File
        if (Test-Path -LiteralPath $path) { return $path }
    }
    throw "$File is on no CD drive"
}

function Wait-Until([scriptblock] $Condition, [int] $Seconds) {
    $end = (Get-Date).AddSeconds($Seconds)
    while ((Get-Date) -lt $end) {
        if (& $Condition) { return $true }
        Start-Sleep -Seconds 3
    }
    return $false
}

function Test-ToolsRunning {
    $service = Get-Service -Name VMTools -ErrorAction SilentlyContinue
    return ($null -ne $service -and $service.Status -eq 'Running')
}

function Install-Tools {
    # Windows media have a setup.exe too; the volume's name tells the Tools CD from them.
    $volume = Get-CimInstance -ClassName Win32_LogicalDisk -Filter 'DriveType = 5' |
        Where-Object { $_.VolumeName -like 'VMware Tools*' } | Select-Object -First 1
    if ($null -eq $volume) { throw 'no VMware Tools CD is attached' }
    $setup = @('setup64.exe', 'setup.exe') | ForEach-Object { Join-Path "$($volume.DeviceID)\" $_ } |
        Where-Object { Test-Path -LiteralPath $_ } | Select-Object -First 1
    if ($null -eq $setup) { throw "the VMware Tools CD in $($volume.DeviceID) has no setup program" }

    foreach ($attempt in 1..2) {
        Write-Host "Installing VMware Tools from $setup (attempt $attempt)"
        $process = Start-Process -FilePath $setup -ArgumentList '/S /v "/qn REBOOT=R"' -PassThru
        # Without a look at the handle now, the exit code is empty later.
        $null = $process.Handle
        if (-not $process.WaitForExit(15 * 60 * 1000)) {
            $process.Kill()
            Write-Host 'VMware Tools setup did not end within 15 minutes'
            continue
        }
        # 3010: done, wants a restart. 1641: done, restarting.
        Write-Host "VMware Tools setup ended with $($process.ExitCode)"
        if (Wait-Until { Test-ToolsRunning } 120) { return }
    }
    throw 'VMware Tools are installed, but their service does not run'
}

function Set-PrivateNetwork {
    # "Identifying..." passes by itself, or never: WinRM is let through the firewall on every profile below, so this is a courtesy.
    $known = Wait-Until {
        $profiles = @(Get-NetConnectionProfile -ErrorAction SilentlyContinue)
        $profiles.Count -gt 0 -and @($profiles | Where-Object { $_.Name -like 'Identifying*' }).Count -eq 0
    } 180
    if (-not $known) { Write-Host 'The network is still being identified; going on' }
    Get-NetConnectionProfile -ErrorAction SilentlyContinue |
        Where-Object { $_.NetworkCategory -eq 'Public' } |
        Set-NetConnectionProfile -NetworkCategory Private -ErrorAction SilentlyContinue
}

Start-Transcript -Path $log -Append | Out-Null
try {
    Install-Tools
    Set-PrivateNetwork
    & (Find-OnCD 'Initialize-WinRMHttps.ps1')
    if (-not (Wait-Until { Test-NetConnection -ComputerName localhost -Port 5986 -InformationLevel Quiet -WarningAction SilentlyContinue } 60)) {
        throw 'nothing listens on port 5986'
    }
    # The one automatic logon is used up; its password must not stay in the registry.
    $winlogon = 'HKLM:\SOFTWARE\Microsoft\Windows NT\CurrentVersion\Winlogon'
    Set-ItemProperty -Path $winlogon -Name AutoAdminLogon -Value '0'
    Remove-ItemProperty -Path $winlogon -Name @('DefaultPassword', 'AutoLogonCount') -ErrorAction SilentlyContinue
    Write-Host 'Ready for packer'
} catch {
    Write-Host ''
    Write-Host "TEMPLATE BOOTSTRAP FAILED: $_" -ForegroundColor Red
    Write-Host "Log: $log"
    Stop-Transcript | Out-Null
    # Longer than packer waits for WinRM, so that the message is still there for whoever looks.
    Start-Sleep -Seconds 7200
    exit 1
}
Stop-Transcript | Out-Null
