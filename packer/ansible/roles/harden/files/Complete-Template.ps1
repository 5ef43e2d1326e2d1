# The end of the build: takes back what only the build needed, disables the account that built, and shuts down.
# Where a step fails the machine stays up, and packer gives up on it: no template with an open door.

$ErrorActionPreference = 'Stop'

# Link-local addresses and user account control were off for the build.
$tcpip = 'HKLM:\SYSTEM\CurrentControlSet\Services\Tcpip\Parameters'
Remove-ItemProperty -Path $tcpip -Name IPAutoconfigurationEnabled -ErrorAction SilentlyContinue
$policies = 'HKLM:\SOFTWARE\Microsoft\Windows\CurrentVersion\Policies\System'
Set-ItemProperty -Path $policies -Name EnableLUA -Value 1 -Type DWord

# Answer files, with the password in them, and the automatic logon.
@(
    "$env:SystemRoot\Panther\unattend.xml"
    "$env:SystemRoot\Panther\unattend-original.xml"
    "$env:SystemRoot\Panther\Unattend\unattend.xml"
    "$env:SystemRoot\System32\Sysprep\unattend.xml"
    "$env:SystemRoot\Temp\template-bootstrap.log"
) | Where-Object { Test-Path -LiteralPath $_ } | Remove-Item -Force
$winlogon = 'HKLM:\SOFTWARE\Microsoft\Windows NT\CurrentVersion\Winlogon'
Set-ItemProperty -Path $winlogon -Name AutoAdminLogon -Value '0'
Remove-ItemProperty -Path $winlogon -Name @('DefaultPassword', 'AutoLogonCount') -ErrorAction SilentlyContinue

# WinRM as Windows ships it, should anything have loosened it: no passwords in clear.
Set-Item -Path WSMan:\localhost\Service\AllowUnencrypted -Value $false
Set-Item -Path WSMan:\localhost\Service\Auth\Basic -Value $false

# Its password stays unknown from here on, even if somebody enables it again. No string of it is ever printed.
$bytes = New-Object byte[] 24
[System.Security.Cryptography.RandomNumberGenerator]::Create().GetBytes($bytes)
$password = ConvertTo-SecureString ('Aa1!' + [Convert]::ToBase64String($bytes)) -AsPlainText -Force
Set-LocalUser -Name $env:USERNAME -Password $password
Disable-LocalUser -Name $env:USERNAME

Remove-Item -LiteralPath $PSCommandPath -Force
shutdown.exe /s /t 10 /f /d p:4:1 /c 'Template complete'
