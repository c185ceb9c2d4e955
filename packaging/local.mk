# Manual pages and completion, made by the program from its own tables; a Debian package.
EXTRA_DIST += COPYING CITATION.cff CHANGELOG.md tools/deb tools/artifact tools/accuracy
if TPSIM
all-local: packaging.stamp
packaging.stamp: tpsim$(EXEEXT)
	@rm -rf man completion && mkdir -p man completion
	@./tpsim help --man >man/tpsim.1
	@for command in `./tpsim --help | sed -n '/^commands:/,/^$$/s/^  \([a-z][a-z-]*\) .*/\1/p'`; do \
	  ./tpsim help --man $$command >man/tpsim-$$command.1 || exit 1; done
	@./tpsim help --completion bash >completion/tpsim
	@./tpsim help --completion zsh >completion/_tpsim
	@touch $@

install-data-local: packaging.stamp
	$(MKDIR_P) $(DESTDIR)$(mandir)/man1 $(DESTDIR)$(datadir)/bash-completion/completions \
	  $(DESTDIR)$(datadir)/zsh/site-functions
	$(INSTALL_DATA) man/*.1 $(DESTDIR)$(mandir)/man1
	$(INSTALL_DATA) completion/tpsim $(DESTDIR)$(datadir)/bash-completion/completions
	$(INSTALL_DATA) completion/_tpsim $(DESTDIR)$(datadir)/zsh/site-functions
uninstall-local:
	rm -f $(DESTDIR)$(mandir)/man1/tpsim.1 $(DESTDIR)$(mandir)/man1/tpsim-*.1
	rm -f $(DESTDIR)$(datadir)/bash-completion/completions/tpsim $(DESTDIR)$(datadir)/zsh/site-functions/_tpsim
clean-local:
	rm -rf man completion packaging.stamp debian-tree
deb: all
	$(srcdir)/tools/deb $(PACKAGE_VERSION) $(abs_builddir)
endif
