# WinRM over TLS with a certificate of this machine's own: makes or renews the certificate, makes or repairs the listener on 5986, lets it through the firewall.
# Runs in the template's build, and in every clone at start and daily. Does nothing where all is well. Ends with 1 and a line in the log when it cannot.

$ErrorActionPreference = 'Stop'
$log = Join-Path $env:ProgramFiles 'PackerTemplate\Initialize-WinRMHttps.log'
$friendlyName = 'WinRM HTTPS of this machine'
$hostName = [System.Net.Dns]::GetHostName()

function Write-Log([string] $Message) {
    $line = '{0:yyyy-MM-ddTHH:mm:ssZ} {1}' -f (Get-Date).ToUniversalTime(), $Message
    Write-Host $line
    Add-Content -LiteralPath $log -Value $line
}

New-Item -ItemType Directory -Path (Split-Path $log) -Force | Out-Null
try {
    # Own name, and good for another month; a clone has the template's certificate, with the template's name.
    $subject = "CN=$hostName"
    $certificate = Get-ChildItem Cert:\LocalMachine\My |
        Where-Object { $_.FriendlyName -eq $friendlyName -and $_.Subject -eq $subject -and $_.NotAfter -gt (Get-Date).AddDays(30) } |
        Sort-Object NotAfter -Descending | Select-Object -First 1
    if ($null -eq $certificate) {
        $certificate = New-SelfSignedCertificate -DnsName $hostName -Subject $subject -CertStoreLocation Cert:\LocalMachine\My `
            -FriendlyName $friendlyName -NotAfter (Get-Date).AddYears(2) -KeyAlgorithm RSA -KeyLength 2048 -HashAlgorithm SHA256
        Write-Log "new certificate $($certificate.Thumbprint) for $hostName"
    }

    Set-Service -Name WinRM -StartupType Automatic
    if ((Get-Service -Name WinRM).Status -ne 'Running') { Start-Service -Name WinRM }

    # Remote sessions of local administrators get their full rights; WinRM asks for that with local accounts.
    $policies = 'HKLM:\SOFTWARE\Microsoft\Windows\CurrentVersion\Policies\System'
    Set-ItemProperty -Path $policies -Name LocalAccountTokenFilterPolicy -Value 1 -Type DWord

    $listener = Get-ChildItem WSMan:\localhost\Listener | Where-Object { $_.Keys -contains 'Transport=HTTPS' } | Select-Object -First 1
    $current = $null
    if ($null -ne $listener) {
        $current = (Get-ChildItem "WSMan:\localhost\Listener\$($listener.Name)" | Where-Object { $_.Name -eq 'CertificateThumbprint' }).Value -replace '\s', ''
    }
    if ($current -ne $certificate.Thumbprint) {
        if ($null -ne $listener) { Remove-Item -Path "WSMan:\localhost\Listener\$($listener.Name)" -Recurse -Force }
        New-Item -Path WSMan:\localhost\Listener -Transport HTTPS -Address * -CertificateThumbPrint $certificate.Thumbprint -Force | Out-Null
        Write-Log "listener on 5986 with $($certificate.Thumbprint)"
    }

    if ($null -eq (Get-NetFirewallRule -Name 'WinRM-HTTPS-In' -ErrorAction SilentlyContinue)) {
        New-NetFirewallRule -Name 'WinRM-HTTPS-In' -DisplayName 'Windows Remote Management (HTTPS-In)' -Direction Inbound `
            -Protocol TCP -LocalPort 5986 -Action Allow -Profile Any | Out-Null
        Write-Log 'firewall rule for 5986'
    }

    # Certificates of an earlier name or term.
    Get-ChildItem Cert:\LocalMachine\My |
        Where-Object { $_.FriendlyName -eq $friendlyName -and $_.Thumbprint -ne $certificate.Thumbprint } |
        Remove-Item -Force
} catch {
    Write-Log "FAILED: $_"
    throw
}
